// Descriptors that a front-end may hand over in place of a plain eventfd.
#pragma once
#include <linux/landlock.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/// An eventfd of which each read takes one.
static inline int kernel_semaphore(unsigned value) {
  return eventfd(value, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
}

/// A descriptor without a file type whose readiness cannot be waited for: it is always ready.
static inline int kernel_landlock_ruleset(void) {
  struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE};
  return (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
}
