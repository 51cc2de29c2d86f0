package import Linux

/// The guest's memory at one moment: an immutable map from guest addresses to mappings.
///
/// A change of the memory table makes a new map. Who works with an old one holds on to it, and
/// with it to the mappings.
@safe
package final class GuestMemory: Sendable {
  /// Ordered by guest address, without overlaps.
  package let regions: [MemoryRegion]
  /// The same regions where they can be read without reference counts.
  // SAFETY: written by `init` only, freed by `deinit`.
  private nonisolated(unsafe) let spans: UnsafeMutableBufferPointer<Span>

  @safe
  private struct Span {
    var guestAddress: UInt64
    var userAddress: UInt64
    var byteCount: UInt64
    var base: UnsafeMutableRawPointer
  }

  /// A map of `regions`.
  ///
  /// - Throws: `EINVAL` if two of them overlap.
  package init(_ regions: [MemoryRegion]) throws(Errno) {
    let sorted = regions.sorted { $0.guestAddress < $1.guestAddress }
    for (index, region) in sorted.enumerated() {
      for other in sorted[(index + 1)...] where region.overlaps(other) {
        throw .invalidArgument
      }
    }
    self.regions = sorted
    // SAFETY: every element is initialised below; freed in deinit.
    unsafe spans = .allocate(capacity: sorted.count)
    for (index, region) in sorted.enumerated() {
      unsafe spans.initializeElement(
        at: index,
        to: Span(
          guestAddress: region.guestAddress, userAddress: region.userAddress,
          byteCount: region.byteCount, base: region.base))
    }
  }

  deinit {
    // SAFETY: Span is trivial; nobody else has the buffer.
    unsafe spans.deallocate()
  }

  /// Appends the `byteCount` bytes at `address` to `vectors`, as many ranges as regions they cross.
  ///
  /// - Throws: `unmapped` if a byte of them is in no region.
  @inline(__always)
  func resolve(
    _ address: UInt64, byteCount: UInt32, into vectors: inout IOVectors
  ) throws(ChainError) {
    var address = address
    var rest = UInt64(byteCount)
    while rest > 0 {
      guard let index = indexOfSpan(containing: address) else {
        throw .unmapped(address: address)
      }
      // SAFETY: the index is one of ours, and `within` is less than the region's length.
      let span = unsafe spans[index]
      let within = address - span.guestAddress
      let part = min(rest, span.byteCount - within)
      unsafe vectors.append(span.base + Int(within), byteCount: Int(part))
      rest -= part
      // A region's end does not wrap, by MemoryRegion's check.
      address += part
    }
  }

  @inline(__always)
  private func indexOfSpan(containing address: UInt64) -> Int? {
    var low = 0
    // SAFETY: every index is between 0 and count.
    var high = unsafe spans.count
    while low < high {
      let middle = (low + high) / 2
      let span = unsafe spans[middle]
      if address < span.guestAddress {
        high = middle
      } else if address - span.guestAddress >= span.byteCount {
        low = middle + 1
      } else {
        return middle
      }
    }
    return nil
  }

  /// The `byteCount` bytes at the front-end's `address`, if they lie in one region.
  func pointer(to address: UserAddress, byteCount: Int) -> UnsafeMutableRawPointer? {
    for index in unsafe spans.indices {
      // SAFETY: the index is one of ours; the guard keeps the bytes inside the region.
      let span = unsafe spans[index]
      guard address.rawValue >= span.userAddress else { continue }
      let within = address.rawValue - span.userAddress
      guard within < span.byteCount, UInt64(byteCount) <= span.byteCount - within
      else { continue }
      return unsafe span.base + Int(within)
    }
    return nil
  }

  /// Whether `count` bytes at `address` are mapped, each once, and where; for indirect tables.
  ///
  /// - Throws: `unmapped` if they are not in one region.
  func contiguous(
    _ address: UInt64, byteCount: UInt64
  ) throws(ChainError) -> UnsafeRawPointer {
    guard let index = indexOfSpan(containing: address) else { throw .unmapped(address: address) }
    // SAFETY: the index is one of ours; the guard keeps the bytes inside the region.
    let span = unsafe spans[index]
    let within = address - span.guestAddress
    guard byteCount <= span.byteCount - within else { throw .unmapped(address: address) }
    return unsafe UnsafeRawPointer(span.base + Int(within))
  }
}
