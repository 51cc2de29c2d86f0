internal import CLinux

/// Memory of whole pages that the system gives when they are touched, all zero, and takes back.
///
/// What the heap is given back it often keeps.
@safe
package final class AnonymousMemory: @unchecked Sendable {
  // SAFETY: @unchecked Sendable, because address and size are constants; what threads do with the
  // memory is their users' care.
  /// The first byte, at the beginning of a page.
  package let base: UnsafeMutableRawPointer
  /// A multiple of the size of a page.
  package let byteCount: Int

  /// At least `byteCount` bytes.
  ///
  /// - Throws: `ENOMEM`.
  package init(byteCount: Int) throws(Errno) {
    let pageByteCount = Int(sysconf(Int32(_SC_PAGESIZE)))
    let rounded = (max(byteCount, 1) + pageByteCount - 1) / pageByteCount * pageByteCount
    // SAFETY: a null hint lets the kernel choose free addresses.
    unsafe base = try attemptMapping {
      unsafe mmap(
        nil, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    }
    self.byteCount = rounded
  }

  deinit {
    // SAFETY: the range is the one that mmap gave, and the last user is gone.
    _ = unsafe munmap(base, byteCount)
  }

  /// Gives the pages back: all bytes are zero from now on, and may be used as before.
  package func discard() {
    // SAFETY: the range is ours; for private memory of this kind the call cannot fail.
    _ = unsafe madvise(base, byteCount, MADV_DONTNEED)
  }
}

/// What the C library keeps of the memory that it was given back.
package enum Heap {
  /// Gives it to the system; takes longer than most calls do.
  package static func trim() {
    _ = malloc_trim(0)
  }
}
