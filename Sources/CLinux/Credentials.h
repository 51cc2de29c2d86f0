// A thread's own credentials, and the xattr calls that glibc does not have yet.
#pragma once
#include "CLinux.h"
#include <linux/capability.h>

// A thread's own credentials: glibc's functions of these names change every thread of the process.
static inline int swift_thread_setresuid(uid_t real, uid_t effective, uid_t saved) {
  return (int)syscall(SYS_setresuid, real, effective, saved);
}

static inline int swift_thread_setresgid(gid_t real, gid_t effective, gid_t saved) {
  return (int)syscall(SYS_setresgid, real, effective, saved);
}

static inline int swift_thread_setgroups(size_t count, const gid_t *groups) {
  return (int)syscall(SYS_setgroups, count, groups);
}

// capget(2) and capset(2) have no wrapper in glibc.
static inline int swift_capget(
    struct __user_cap_header_struct *header, struct __user_cap_data_struct *data) {
  return (int)syscall(SYS_capget, header, data);
}

static inline int swift_capset(
    struct __user_cap_header_struct *header, const struct __user_cap_data_struct *data) {
  return (int)syscall(SYS_capset, header, data);
}

// The xattr calls relative to a directory (Linux 6.13, one number on all architectures).
struct swift_xattr_args {
  uint64_t value __attribute__((aligned(8)));
  uint32_t size;
  uint32_t flags;
};

static inline int swift_setxattrat(
    int dirfd, const char *path, const char *name, const void *value, size_t size, int flags) {
  struct swift_xattr_args args = {(uintptr_t)value, (uint32_t)size, (uint32_t)flags};
  return (int)syscall(463, dirfd, path, 0, name, &args, sizeof args);
}

static inline ssize_t swift_getxattrat(
    int dirfd, const char *path, const char *name, void *value, size_t size) {
  struct swift_xattr_args args = {(uintptr_t)value, (uint32_t)size, 0};
  return syscall(464, dirfd, path, 0, name, &args, sizeof args);
}

static inline ssize_t swift_listxattrat(int dirfd, const char *path, char *list, size_t size) {
  return syscall(465, dirfd, path, 0, list, size);
}

static inline int swift_removexattrat(int dirfd, const char *path, const char *name) {
  return (int)syscall(466, dirfd, path, 0, name);
}
