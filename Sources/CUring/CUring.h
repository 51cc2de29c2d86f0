// liburing, linked statically so that the daemon runs where it is not installed.
#pragma once
// First, so that the C library's structures stay CLinux's.
#include "../CLinux/CLinux.h"
#include <liburing.h>

// Whether a completion can be taken, or the kernel has work to do for whoever enters the ring next.
// The flags are the kernel's to change: they are read anew each time.
static inline bool swift_ring_has_news(const struct io_uring *ring) {
  return io_uring_cq_ready(ring)
      || (IO_URING_READ_ONCE(*ring->sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

// Whether entering the ring would give the kernel anything or make it do anything.
static inline bool swift_ring_needs_entering(const struct io_uring *ring) {
  return io_uring_sq_ready(ring)
      || (IO_URING_READ_ONCE(*ring->sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}
