// Has some of a daemon's name_to_handle_at(2) fail with EOVERFLOW, as overlayfs and others do now and then: a library to
// be loaded before the C library (LD_PRELOAD). FAIL_HANDLES is how many in a thousand; the first FAIL_HANDLES_AFTER calls,
// by which daemons try at their start whether handles work, do not fail.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>

static long raw(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  if (result < 0 && result >= -4095) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

static int strikes(void) {
  static atomic_uint calls;
  static _Atomic unsigned long state = 1;
  const char *share = getenv("FAIL_HANDLES"), *after = getenv("FAIL_HANDLES_AFTER");
  if (share == NULL || atomic_fetch_add(&calls, 1) < (unsigned)(after ? atoi(after) : 0)) return 0;
  state = state * 6364136223846793005UL + 1442695040888963407UL;
  return (state >> 33) % 1000 < (unsigned long)atoi(share);
}

long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_name_to_handle_at && strikes()) {
    errno = EOVERFLOW;
    return -1;
  }
  return raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int name_to_handle_at(int directory, const char *name, struct file_handle *handle, int *mount,
                      int flags) {
  return (int)syscall(SYS_name_to_handle_at, (long)directory, name, handle, mount, (long)flags, 0L);
}
