package import Linux

/// One range of the guest's memory, mapped here.
///
/// Several memory tables may share a region; the last one to go unmaps it.
@safe
package final class MemoryRegion: Sendable {
  package let guestAddress: UInt64
  package let userAddress: UInt64
  package let byteCount: UInt64
  private let mapping: Mapping
  private let offset: Int

  /// Maps `byteCount` bytes at `offset` of `descriptor`'s file.
  ///
  /// - Throws: `EINVAL` if a sum wraps or the file is shorter, else what mmap(2) says.
  package init(
    guestAddress: UInt64, userAddress: UInt64, byteCount: UInt64, offset: UInt64,
    of descriptor: Descriptor
  ) throws(Errno) {
    let (end, wraps) = offset.addingReportingOverflow(byteCount)
    guard byteCount > 0, !wraps, Int(exactly: end) != nil,
      !guestAddress.addingReportingOverflow(byteCount).overflow,
      !userAddress.addingReportingOverflow(byteCount).overflow
    else { throw .invalidArgument }
    // A file shorter than the region would be a SIGBUS at the first touch.
    if let fileByteCount = try descriptor.regularFileByteCount() {
      guard fileByteCount >= end else { throw .invalidArgument }
    }
    self.guestAddress = guestAddress
    self.userAddress = userAddress
    self.byteCount = byteCount
    // The offset need not be aligned to the file's pages, which may be huge.
    let skipped = offset % (try descriptor.mappingAlignment())
    self.offset = Int(skipped)
    mapping = try Mapping(
      descriptor, offset: offset - skipped, byteCount: Int(byteCount + skipped))
  }

  /// Where the region's first byte is mapped.
  var base: UnsafeMutableRawPointer {
    // SAFETY: offset + byteCount is the mapping's length, by `init`.
    unsafe mapping.base + offset
  }

  /// Whether this region and `other` have an address in common.
  package func overlaps(_ other: MemoryRegion) -> Bool {
    guestAddress < other.guestAddress + other.byteCount
      && other.guestAddress < guestAddress + byteCount
      || userAddress < other.userAddress + other.byteCount
        && other.userAddress < userAddress + byteCount
  }
}
