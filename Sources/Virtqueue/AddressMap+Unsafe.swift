internal import Linux

/// Where guest addresses are mapped: what a memory table comes to on the data path.
///
/// A plain value, so that finding an address counts no references. It is good as long as the
/// `GuestMemory` that it belongs to is held.
@safe
struct AddressMap: @unchecked Sendable {
  // SAFETY: @unchecked Sendable, because the spans are written by `init` only.
  private let spans: UnsafeMutableBufferPointer<Span>
  /// Where the last address was found: the next one most likely lies there, too.
  private var recent: Span

  /// A region, as far as addresses are concerned.
  @safe
  private struct Span {
    var guestAddress: UInt64
    var userAddress: UInt64
    var byteCount: UInt64
    var base: UnsafeMutableRawPointer?

    /// Where the `byteCount` bytes at `address` are, if all of them lie in the region.
    @inline(__always)
    func place(of address: UInt64, _ byteCount: UInt64) -> UnsafeMutableRawPointer? {
      let within = address &- guestAddress
      guard within < self.byteCount, byteCount <= self.byteCount - within, let base = unsafe base
      else { return nil }
      // SAFETY: the guard keeps the bytes inside the region.
      return unsafe base + Int(within)
    }
  }

  /// A map of `regions`, which are ordered by guest address and do not overlap.
  init(_ regions: [MemoryRegion]) {
    // SAFETY: no address is within no bytes.
    recent = unsafe Span(guestAddress: 0, userAddress: 0, byteCount: 0, base: nil)
    // SAFETY: every element is initialised below; `deallocate` frees them.
    unsafe spans = .allocate(capacity: regions.count)
    for (index, region) in regions.enumerated() {
      unsafe spans.initializeElement(
        at: index,
        to: Span(
          guestAddress: region.guestAddress, userAddress: region.userAddress,
          byteCount: region.byteCount, base: region.base))
    }
  }

  /// Frees the map, which nobody uses any more.
  func deallocate() {
    // SAFETY: Span is trivial; the owner calls this once, in the end.
    unsafe spans.deallocate()
  }

  /// Appends the `byteCount` bytes at `address` to `vectors`, as many ranges as regions they cross.
  ///
  /// - Throws: `unmapped` if a byte of them is in no region.
  @inline(__always)
  mutating func resolve(
    _ address: UInt64, byteCount: UInt32, into vectors: inout IOVectors
  ) throws(ChainError) {
    guard byteCount > 0, let place = unsafe recent.place(of: address, UInt64(byteCount)) else {
      return try search(address, byteCount: byteCount, into: &vectors)
    }
    // SAFETY: `place` found all of the bytes in the region.
    unsafe vectors.append(place, byteCount: Int(byteCount))
  }

  @inline(never)
  private mutating func search(
    _ address: UInt64, byteCount: UInt32, into vectors: inout IOVectors
  ) throws(ChainError) {
    var address = address
    var rest = UInt64(byteCount)
    while rest > 0 {
      guard let span = span(containing: address) else { throw .unmapped(address: address) }
      recent = span
      let part = min(rest, span.byteCount - (address - span.guestAddress))
      // SAFETY: `part` bytes from the address on are inside the region.
      guard let place = unsafe span.place(of: address, part) else {
        throw .unmapped(address: address)
      }
      unsafe vectors.append(place, byteCount: Int(part))
      rest -= part
      // A region's end does not wrap, by MemoryRegion's check.
      address += part
    }
  }

  private func span(containing address: UInt64) -> Span? {
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
        return span
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
      guard within < span.byteCount, UInt64(byteCount) <= span.byteCount - within,
        let base = unsafe span.base
      else { continue }
      return unsafe base + Int(within)
    }
    return nil
  }

  /// Whether `count` bytes at `address` are mapped, each once, and where; for indirect tables.
  ///
  /// - Throws: `unmapped` if they are not in one region.
  @inline(__always)
  func contiguous(
    _ address: UInt64, byteCount: UInt64
  ) throws(ChainError) -> UnsafeRawPointer {
    if let place = unsafe recent.place(of: address, byteCount) {
      return UnsafeRawPointer(place)
    }
    // SAFETY: `place` finds all of the bytes in one region.
    guard let span = span(containing: address),
      let place = unsafe span.place(of: address, byteCount)
    else { throw .unmapped(address: address) }
    return UnsafeRawPointer(place)
  }
}
