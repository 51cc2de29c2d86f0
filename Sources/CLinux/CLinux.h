// The system calls, structures and macros that Swift cannot import by itself. Header only:
// variadic functions get a fixed signature, macros become constants or inline functions,
// and nothing here decides anything.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

// openat2(2) has no wrapper in glibc.
static inline int swift_openat2(int dirfd, const char *path, const struct open_how *how) {
  return (int)syscall(SYS_openat2, dirfd, path, how, sizeof *how);
}

// openat(2) is variadic.
static inline int swift_openat(int dirfd, const char *path, int flags, mode_t mode) {
  return openat(dirfd, path, flags, mode);
}

// fcntl(2) is variadic.
static inline int swift_fcntl(int fd, int command, long argument) {
  return fcntl(fd, command, argument);
}

// errno is a macro over a thread's own variable.
static inline int swift_errno(void) {
  return errno;
}
