internal import Linux

extension SplitQueue {
  /// Follows the chain from `head` to its end and resolves its buffers.
  ///
  /// Ends after the last descriptor or throws: a broken chain never looks like a short one. At
  /// most `size` descriptors of the ring and as many of one indirect table are looked at.
  func walk(from head: UInt16, into chain: inout Chain) throws(ChainError) {
    // SAFETY: the ring's table has `size` entries.
    var table = unsafe DescriptorTable(rings.descriptors, count: size)
    var index = head
    var budget = size
    var isInTable = false
    while true {
      let descriptor = try table.load(index)
      guard budget > 0 else { throw .tooLong }
      budget -= 1
      if descriptor.isIndirect {
        guard !isInTable, !descriptor.hasNext, features.contains(.indirectDescriptors) else {
          throw .misplacedIndirect
        }
        table = try indirectTable(of: descriptor)
        index = 0
        budget = table.count
        isInTable = true
        continue
      }
      try append(descriptor, to: &chain)
      guard chain.readable.count + chain.writable.count <= Self.mostSegments else {
        throw .tooLong
      }
      guard descriptor.hasNext else { return }
      index = descriptor.next
    }
  }

  /// The most ranges of a chain: each descriptor may cross many regions, which adds up.
  private static var mostSegments: Int { 1 << 16 }

  /// The table that `descriptor` refers to; its own `WRITE` flag means nothing.
  ///
  /// Longer than the queue is tolerated, up to what a queue can be: guests before Linux 5.14
  /// build such tables for large requests.
  @inline(__always)
  private func indirectTable(of descriptor: RingDescriptor) throws(ChainError) -> DescriptorTable {
    let (count, rest) = descriptor.byteCount.quotientAndRemainder(
      dividingBy: UInt32(RingDescriptor.size))
    guard rest == 0, count > 0, count <= 32768 else {
      throw .indirectTableSize(descriptor.byteCount)
    }
    let start = try unsafe map.contiguous(
      descriptor.address, byteCount: UInt64(descriptor.byteCount))
    // SAFETY: `contiguous` found all of the table's bytes in one region.
    return unsafe DescriptorTable(start, count: UInt16(count))
  }

  @inline(__always)
  private func append(_ descriptor: RingDescriptor, to chain: inout Chain) throws(ChainError) {
    if descriptor.isWritable {
      try map.resolve(
        descriptor.address, byteCount: descriptor.byteCount, into: &chain.writable)
      chain.hasWritable = true
    } else {
      guard !chain.hasWritable else { throw .readableAfterWritable }
      try map.resolve(
        descriptor.address, byteCount: descriptor.byteCount, into: &chain.readable)
    }
  }
}
