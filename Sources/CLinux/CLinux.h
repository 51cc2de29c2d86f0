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
#include <malloc.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
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

// The CMSG_* macros, over a control buffer that the caller provides: how much room `count`
// descriptors need, putting them there, and taking them out again.
static inline size_t swift_cmsg_space(size_t count) {
  return CMSG_SPACE(count * sizeof(int));
}

static inline void swift_cmsg_put(struct msghdr *message, const int *descriptors, size_t count) {
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
}

static inline size_t swift_cmsg_take(struct msghdr *message, int *descriptors, size_t room) {
  size_t taken = 0;
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  for (; header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < count && taken < room; index++) {
      memcpy(&descriptors[taken++], CMSG_DATA(header) + index * sizeof(int), sizeof(int));
    }
  }
  return taken;
}

typedef uint64_t swift_unaligned_word __attribute__((aligned(1), may_alias));

// A copy that the compiler may neither repeat nor split differently: for memory that a guest may
// change at any moment. Most of what is copied so is short: a call of memcpy would cost as much.
static inline void swift_volatile_copy(void *to, const void *from, size_t count) {
  const volatile unsigned char *source = (const volatile unsigned char *)from;
  unsigned char *target = (unsigned char *)to;
  for (; count >= 8; count -= 8, source += 8, target += 8)
    *(swift_unaligned_word *)target = *(const volatile swift_unaligned_word *)source;
  while (count--) *target++ = *source++;
}

// A copy of a few words, which a call of memcpy would cost as much again; others are memcpy's.
static inline void swift_copy(void *to, const void *from, size_t count) {
  const unsigned char *source = (const unsigned char *)from;
  unsigned char *target = (unsigned char *)to;
  if (count <= 128 && count % 8 == 0) {
    for (; count >= 16; count -= 16, source += 16, target += 16) memcpy(target, source, 16);
    if (count > 0) memcpy(target, source, 8);
  } else {
    memcpy(target, source, count);
  }
}

// Two words that the guest may change at any moment, each read once, wherever they lie.
typedef struct {
  uint64_t first;
  uint64_t second;
} swift_two_words;

static inline swift_two_words swift_volatile_load_two_words(const void *from) {
  const volatile swift_unaligned_word *words = (const volatile swift_unaligned_word *)from;
  swift_two_words copy = {words[0], words[1]};
  return copy;
}

// preadv2(2) and pwritev2(2) without being points at which a thread could be cancelled, which none
// of ours is: glibc marks those with two atomic operations a call.
static inline ssize_t swift_preadv2(int fd, const struct iovec *vectors, size_t count,
                                    int64_t offset, int flags) {
  return syscall(SYS_preadv2, fd, vectors, count, (long)offset, 0L, flags);
}

static inline ssize_t swift_pwritev2(int fd, const struct iovec *vectors, size_t count,
                                     int64_t offset, int flags) {
  return syscall(SYS_pwritev2, fd, vectors, count, (long)offset, 0L, flags);
}

// Names the calling thread; prctl(2) is variadic.
static inline void swift_set_thread_name(const char *name) {
  pthread_setname_np(pthread_self(), name);
}

// The socket calls take a transparent union that Swift does not know.
static inline int swift_bind(int fd, const struct sockaddr_un *address, socklen_t length) {
  return bind(fd, (const struct sockaddr *)address, length);
}

static inline int swift_connect(int fd, const struct sockaddr_un *address, socklen_t length) {
  return connect(fd, (const struct sockaddr *)address, length);
}

static inline int swift_accept(int fd) {
  return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

#include "Process.h"
