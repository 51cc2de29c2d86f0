internal import CLinux

/// A shared mapping of a file, unmapped when this value goes.
@safe
package struct Mapping: ~Copyable, @unchecked Sendable {
  // SAFETY: @unchecked Sendable, because the address is a constant and the memory behind it is
  // shared with another process anyway: its users must expect concurrent change.
  /// The first byte.
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int

  /// Maps the first `byteCount` bytes of `descriptor`'s file, readable and writable.
  package init(_ descriptor: Descriptor, byteCount: Int) throws(Errno) {
    let protection = PROT_READ | PROT_WRITE
    let flags = MAP_SHARED | MAP_NORESERVE
    // SAFETY: a null hint lets the kernel choose free addresses.
    let address = unsafe mmap(nil, byteCount, protection, flags, descriptor.rawValue, 0)
    guard let address = unsafe address, Int(bitPattern: address) != -1 else {
      throw Errno(rawValue: swift_errno())
    }
    unsafe base = address
    self.byteCount = byteCount
  }

  // munmap(2) of a mapping of ours cannot fail.
  deinit {
    // SAFETY: the range is the one that mmap gave, and the owner is gone.
    _ = unsafe munmap(base, byteCount)
  }
}

extension Descriptor {
  /// Copies `byteCount` bytes that another process may change meanwhile; each is read once.
  ///
  /// The reason is that what was checked must be what is used.
  @inline(__always)
  package static func copyOnce(
    from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    // SAFETY: the caller has `byteCount` bytes at both places.
    unsafe swift_volatile_copy(target, source, byteCount)
  }
}

extension Descriptor {
  /// The length of the file, in bytes.
  package func fileByteCount() throws(Errno) -> UInt64 {
    var status = stat()
    // SAFETY: fstat fills the structure, which lives through the call.
    _ = try attempt { unsafe fstat(rawValue, &status) }
    return UInt64(max(0, status.st_size))
  }
}
