// What a daemon needs of its own process: locks, groups, the log, the root directory.
#pragma once
#include <grp.h>
#include <link.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>

// fcntl(2) is variadic; this is its form for locks.
static inline int swift_fcntl_lock(int fd, int command, struct flock *lock) {
  return fcntl(fd, command, lock);
}

// syslog(3) is variadic.
static inline void swift_syslog(int priority, const char *text) {
  syslog(priority, "%s", text);
}

// The socket calls take a transparent union that Swift does not know.
static inline int swift_getpeername(int fd, struct sockaddr_storage *address) {
  socklen_t size = sizeof *address;
  return getpeername(fd, (struct sockaddr *)address, &size);
}

// SIG_IGN is a cast, which Swift does not import.
static inline void swift_ignore_signal(int signal_number) {
  signal(signal_number, SIG_IGN);
}

// Gives back the pages of one loaded object's segments that are never written.
static inline int swift_give_back_object(
    struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    // Mapped in whole pages; madvise(2) rounds the length up itself.
    uintptr_t address = object->dlpi_addr + segment->p_vaddr;
    uintptr_t start = address & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
    madvise((void *)start, address + segment->p_memsz - start, MADV_DONTNEED);
  }
  return 0;
}

// Gives back the pages of code and constants, the program's and its libraries'; what is used comes
// back from the page cache.
static inline void swift_give_back_code(void) {
  dl_iterate_phdr(swift_give_back_object, NULL);
}
