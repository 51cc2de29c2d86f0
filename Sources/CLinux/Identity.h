// statx(2) and file handles: what the identity of a file is made of.
#pragma once
#include "CLinux.h"

static const int swift_at_no_automount = AT_NO_AUTOMOUNT;
static const int swift_at_statx_dont_sync = AT_STATX_DONT_SYNC;

// Newer than Debian 12's headers.
static const unsigned swift_statx_mnt_id = 0x1000u;
static const unsigned swift_statx_mnt_id_unique = 0x4000u;
static const int swift_at_handle_mnt_id_unique = 1;
static const unsigned swift_statx_basic_stats = STATX_BASIC_STATS;
static const unsigned swift_statx_btime = STATX_BTIME;
static const unsigned swift_max_handle_size = MAX_HANDLE_SZ;

// struct file_handle ends in a flexible array; this one has the room.
struct swift_file_handle {
  unsigned handle_bytes;
  int handle_type;
  uint64_t words[MAX_HANDLE_SZ / 8];
};

// For telling files apart only: not to be opened (AT_HANDLE_FID, since 6.5).
static const int swift_at_handle_fid = 0x200;

// The mount id is an int, or with AT_HANDLE_MNT_ID_UNIQUE 64 bits.
static inline int swift_name_to_handle_at(int dirfd, const char *path,
                                          struct swift_file_handle *handle, uint64_t *mount_id,
                                          int flags) {
  union { int number; uint64_t unique; } mount = { .unique = 0 };
  int result = (int)syscall(SYS_name_to_handle_at, dirfd, path, handle, &mount, flags);
  *mount_id = flags & 1 ? mount.unique : (uint64_t)(unsigned)mount.number;
  return result;
}

static inline int swift_open_by_handle_at(int mount_fd, const struct swift_file_handle *handle,
                                          int flags) {
  return (int)syscall(SYS_open_by_handle_at, mount_fd, handle, flags);
}

// fstat(2) itself: glibc makes another call of it, which costs more.
static inline int swift_fstat(int fd, struct stat *status) {
  return (int)syscall(SYS_fstat, fd, status);
}

// statx(2) under a name that is not the structure's too.
static inline int swift_statx(int dirfd, const char *path, int flags, unsigned mask,
                              struct statx *status) {
  return statx(dirfd, path, flags, mask, status);
}
