internal import CLinux

/// A shared mapping of a file, unmapped when this value goes.
@safe
package struct Mapping: ~Copyable, @unchecked Sendable {
  // SAFETY: @unchecked Sendable, because the address is a constant and the memory behind it is
  // shared with another process anyway: its users must expect concurrent change.
  /// The first byte.
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int

  /// Maps `byteCount` bytes at `offset` of `descriptor`'s file, readable and writable.
  ///
  /// - Throws: `EINVAL` if the offset is not aligned, else what mmap(2) says.
  package init(
    _ descriptor: Descriptor, offset: UInt64 = 0, byteCount: Int
  ) throws(Errno) {
    guard let start = off_t(exactly: offset) else { throw .invalidArgument }
    let protection = PROT_READ | PROT_WRITE
    let flags = MAP_SHARED | MAP_NORESERVE
    // SAFETY: a null hint lets the kernel choose free addresses.
    unsafe base = try attemptMapping {
      unsafe mmap(nil, byteCount, protection, flags, descriptor.rawValue, start)
    }
    self.byteCount = byteCount
  }

  // munmap(2) of a mapping of ours cannot fail.
  deinit {
    // SAFETY: the range is the one that mmap gave, and the owner is gone.
    _ = unsafe munmap(base, byteCount)
  }
}

/// The address that mmap(2) gives.
///
/// - Throws: What it fails with, by an address of -1.
@inline(__always)
func attemptMapping(
  _ call: () -> UnsafeMutableRawPointer?
) throws(Errno) -> UnsafeMutableRawPointer {
  // SAFETY: the address is looked at, not what is there.
  guard let address = unsafe call(), Int(bitPattern: address) != -1 else {
    throw Errno(rawValue: swift_errno())
  }
  return unsafe address
}

/// Memory that another process may change at any moment: what was checked must be what is used, so
/// it is read once.
package enum SharedMemory {
  /// Copies `byteCount` bytes; each is read once.
  @inline(__always)
  package static func copyOnce(
    from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    // SAFETY: the caller has `byteCount` bytes at both places.
    unsafe swift_volatile_copy(target, source, byteCount)
  }

  /// Two words, wherever they lie; each is read once.
  @inline(__always)
  package static func loadTwoWordsOnce(
    from source: UnsafeRawPointer
  ) -> (first: UInt64, second: UInt64) {
    // SAFETY: the caller has 16 bytes there.
    let words = unsafe swift_volatile_load_two_words(source)
    return (words.first, words.second)
  }
}

extension Descriptor {
  /// The length of the file, in bytes; 0 for what has no length.
  package func fileByteCount() throws(Errno) -> UInt64 {
    UInt64(max(0, try rawStatus().st_size))
  }

  /// The length of a regular file; nil for a device, whose length is not told.
  package func regularFileByteCount() throws(Errno) -> UInt64? {
    let status = try rawStatus()
    return Int32(bitPattern: status.st_mode) & S_IFMT == S_IFREG
      ? UInt64(max(0, status.st_size)) : nil
  }

  /// Whether this is something to send a notification by: an eventfd, a pipe or a socket.
  package func isNotifier() throws(Errno) -> Bool {
    // An eventfd has no type.
    [0, S_IFIFO, S_IFSOCK].contains(try fileTypeBits())
  }

  /// `st_mode & S_IFMT`
  func fileTypeBits() throws(Errno) -> Int32 {
    Int32(bitPattern: try rawStatus().st_mode) & S_IFMT
  }

  /// What the offset of a mapping must be a multiple of: the size of the file's pages.
  package func mappingAlignment() throws(Errno) -> UInt64 {
    max(UInt64(sysconf(Int32(_SC_PAGESIZE))), try fileSystemStatus().transferSize)
  }
}
