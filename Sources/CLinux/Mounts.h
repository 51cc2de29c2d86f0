// mount(2), epoll(7) and /dev/fuse: what attaching a file system to this host needs.
#pragma once
#include "CLinux.h"
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

// FUSE_DEV_IOC_CLONE: makes an open /dev/fuse one more descriptor of the mount of another.
static inline int swift_fuse_clone(int fd, uint32_t other) {
  return ioctl(fd, _IOR(229, 0, uint32_t), &other);
}

// Reports `fd` as bit `token` once it is readable; struct epoll_event is packed, and holds a union.
static inline int swift_epoll_add(int set, int fd, uint32_t token, uint32_t flags) {
  struct epoll_event event = {.events = EPOLLIN | flags, .data = {.u32 = token}};
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static inline int swift_epoll_remove(int set, int fd) {
  struct epoll_event event = {0};
  return epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
}

// The bits of up to eight descriptors that are ready, in `ready`; as epoll_wait(2) else.
static inline int swift_epoll_wait(int set, int milliseconds, uint32_t *ready) {
  struct epoll_event events[8];
  int count = epoll_wait(set, events, 8, milliseconds);
  *ready = 0;
  for (int index = 0; index < count; index++) *ready |= 1u << (events[index].data.u32 & 31);
  return count;
}

static const uint32_t swift_epoll_edge = EPOLLET;
static const uint32_t swift_epoll_exclusive = EPOLLEXCLUSIVE;

// Newer than some headers: the file is the root of a mount (Linux 5.8).
static const uint64_t swift_statx_attr_mount_root = 0x2000u;
