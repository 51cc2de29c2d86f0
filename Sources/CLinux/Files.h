// What the calls on files and names need, besides CLinux.h.
#pragma once
#include "CLinux.h"

// Macros with casts or behind other macros, which Swift does not import.
static const int swift_o_direct = O_DIRECT;
static const int swift_o_noatime = O_NOATIME;
static const int swift_o_path = O_PATH;
static const int swift_o_tmpfile = O_TMPFILE;
static const int swift_at_empty_path = AT_EMPTY_PATH;
static const int swift_at_eaccess = AT_EACCESS;
static const int swift_seek_data = SEEK_DATA;
static const int swift_seek_hole = SEEK_HOLE;
static const long swift_utime_now = UTIME_NOW;
static const long swift_utime_omit = UTIME_OMIT;

// fchmodat2(2) is newer (Linux 6.6) than the C library, and its number is the same everywhere.
static inline int swift_fchmodat2(int dirfd, const char *path, mode_t mode, int flags) {
  return (int)syscall(452, dirfd, path, mode, flags);
}

// glibc's faccessat(3) may emulate flags from a file's status; the system call does not.
static inline int swift_faccessat2(int dirfd, const char *path, int mask, int flags) {
  return (int)syscall(SYS_faccessat2, dirfd, path, mask, flags);
}
