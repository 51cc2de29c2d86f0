// What a daemon needs of its own process: locks, groups, the log, the root directory.
#pragma once
#include <grp.h>
#include <sys/file.h>
#include <sys/prctl.h>

// fcntl(2) is variadic; this is its form for locks.
static inline int swift_fcntl_lock(int fd, int command, struct flock *lock) {
  return fcntl(fd, command, lock);
}

// syslog(3) is variadic.
static inline void swift_syslog(int priority, const char *text) {
  syslog(priority, "%s", text);
}

// The socket calls take a transparent union that Swift does not know.
static inline int swift_getpeername(int fd, struct sockaddr_storage *address) {
  socklen_t size = sizeof *address;
  return getpeername(fd, (struct sockaddr *)address, &size);
}

// SIG_IGN is a cast, which Swift does not import.
static inline void swift_ignore_signal(int signal_number) {
  signal(signal_number, SIG_IGN);
}
