// What measuring needs: clocks of other processes, processors, spinning, advice to the page cache.
#pragma once
#include "CLinux.h"
#include <spawn.h>
#include <sys/wait.h>

// The monotonic clock in nanoseconds.
static inline int64_t swift_monotonic_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// The CPU time of a process: all of its threads, ended ones and the kernel's for io_uring included.
static inline int64_t swift_process_nanoseconds(pid_t process) {
  clockid_t clock;
  struct timespec time;
  int error = clock_getcpuclockid(process, &clock);
  if (error) {
    errno = error;
    return -1;
  }
  if (clock_gettime(clock, &time)) return -1;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// The CPU time of the calling thread.
static inline int64_t swift_thread_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// How often the calling thread has given its processor up to wait for something.
static inline int64_t swift_thread_waits(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// A counter that costs a few nanoseconds to read and advances evenly, and about how often it does
// in a microsecond. An x86 does not say how often; 3 GHz is right to within a third.
static inline uint64_t swift_ticks(void) {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return (uint64_t)swift_monotonic_nanoseconds();
#endif
}

static inline uint64_t swift_ticks_per_microsecond(void) {
#if defined(__x86_64__) || defined(__i386__)
  return 3000;
#elif defined(__aarch64__)
  uint64_t frequency;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  return frequency / 1000000;
#else
  return 1000;
#endif
}

// Tells the processor that this is a loop that waits.
static inline void swift_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// CPU_SET and CPU_ISSET are macros.
static inline void swift_cpu_add(int cpu, cpu_set_t *set) {
  CPU_SET(cpu, set);
}

static inline int swift_cpu_is_in(int cpu, const cpu_set_t *set) {
  return CPU_ISSET(cpu, set);
}

static const int swift_cpu_set_size = CPU_SETSIZE;

// The wait status's macros.
static inline int swift_exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// environ is a variable that threads share; nobody here changes it.
static inline char **swift_environ(void) {
  return environ;
}
