extension DriverRing {
  /// Puts a chain into the ring, for the device to see at the next `publish`.
  ///
  /// What the device reads must precede what it writes.
  ///
  /// - Throws: `ringFull` if too few descriptors are free, `outOfGuestMemory`.
  package func add(
    _ segments: [ChainSegment], token: UInt64, shape: ChainShape = .automatic
  ) throws(FrontEndError) {
    let directCount = directCount(of: segments.count, shape)
    let isWhole = directCount == segments.count
    let slotCount = directCount + (isWhole ? 0 : 1)
    guard slotCount > 0, freeHeads.count >= slotCount, let head = freeHeads.last else {
      throw .ringFull
    }
    // The table first: it is the one step that can fail.
    let table = isWhole ? nil : try table(for: head, entryCount: segments.count - directCount)
    var writableByteCount: UInt64 = 0
    var index = head
    for position in 0..<slotCount {
      freeHeads.removeLast()
      let following = position + 1 < slotCount ? freeHeads.last : nil
      var descriptor: RingDescriptor
      if let table, position == directCount {
        descriptor = RingDescriptor(
          address: table.address.rawValue,
          byteCount: UInt32(16 * (segments.count - directCount)),
          flags: RingDescriptor.indirectFlag)
      } else {
        descriptor = segments[position].descriptor
      }
      if let following {
        descriptor.flags |= RingDescriptor.nextFlag
        descriptor.next = following
        chains[Int(index)].next = following
      }
      memory[index] = descriptor
      index = following ?? index
    }
    if let table { fill(table, with: segments, from: directCount) }
    for segment in segments where segment.isDeviceWritable {
      writableByteCount += UInt64(segment.buffer.byteCount)
    }
    chains[Int(head)].descriptorCount = slotCount
    isTaken(head, token: token, writableByteCount: writableByteCount)
    offer(head)
  }

  /// Puts the chain that begins at descriptor `head` into the available ring, as it is.
  ///
  /// For chains written by hand: nothing is taken note of, `take` will not know the head.
  package func offer(_ head: UInt16) {
    memory.setAvailable(nextAvailable, head)
    nextAvailable &+= 1
  }

  /// Notes that the device has the hand-written chain at `head`, so that `take` accepts it back.
  package func expect(_ head: UInt16, token: UInt64, writableByteCount: UInt64 = .max) {
    freeHeads.removeAll { $0 == head }
    chains[Int(head)].descriptorCount = 1
    isTaken(head, token: token, writableByteCount: writableByteCount)
  }

  /// How many of `count` segments go into the ring's own table.
  private func directCount(of count: Int, _ shape: ChainShape) -> Int {
    guard hasIndirectDescriptors else { return count }
    switch shape {
    case .automatic: return count >= 2 ? 0 : count
    case .direct: return count
    case .indirect: return 0
    case .mixed(let direct): return min(max(0, direct), count)
    }
  }

  private func table(for head: UInt16, entryCount: Int) throws(FrontEndError) -> GuestBuffer {
    let byteCount = 16 * entryCount
    if let table = chains[Int(head)].table {
      if table.byteCount >= byteCount { return table }
      arena.free(table)
      chains[Int(head)].table = nil
    }
    let table = try arena.allocate(max(byteCount, 128))
    chains[Int(head)].table = table
    return table
  }

  private func fill(_ table: GuestBuffer, with segments: [ChainSegment], from first: Int) {
    for position in first..<segments.count {
      var descriptor = segments[position].descriptor
      let entry = position - first
      if position + 1 < segments.count {
        descriptor.flags |= RingDescriptor.nextFlag
        descriptor.next = UInt16(truncatingIfNeeded: entry + 1)
      }
      memory.region.store(descriptor, at: table.address + 16 * entry)
    }
  }
}
