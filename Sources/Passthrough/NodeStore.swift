internal import FuseProtocol
internal import Linux
internal import Synchronization

/// The slots of the nodes, with what they hold: long handles, descriptors, mounts.
///
/// It knows nothing of the indices: `NodeTable` decides which file is which node.
final class NodeStore: Reclaimer {
  let slots: Slab<NodeSlot>
  let mounts: Mounts
  private let blocks: Slab<HandleBlock>
  private let descriptors: DescriptorBudget

  init(mounts: Mounts, descriptors: DescriptorBudget, maximumCount: Int) {
    self.mounts = mounts
    self.descriptors = descriptors
    slots = Slab(maximumCount: maximumCount)
    blocks = Slab(maximumCount: maximumCount)
  }

  // The table is gone, so nobody reads any more; what is in the limbo has no pin when it gets here.
  deinit {
    for index in 1..<slots.end { dropPin(of: index) }
  }

  /// The place of a node, if the guest knows a node by that number.
  @inline(__always)
  func place(of node: NodeID) -> UInt32? {
    let index = UInt32(truncatingIfNeeded: node.rawValue)
    guard slots.holds(index) else { return nil }
    let tag = slots[index].tag.load(ordering: .acquiring)
    return tag == Tag.expected(node.rawValue) ? index : nil
  }

  /// The node at a place in use.
  func node(at index: UInt32) -> NodeID {
    NodeID(rawValue: Tag.name(slots[index].tag.load(ordering: .relaxed), index))
  }

  /// Fills a place, with one lookup, and makes it a node; under the shard's lock.
  ///
  /// - Throws: `ENFILE` if a long handle finds no room; the place is as it was.
  func publish(
    _ index: UInt32, _ identity: Identity, fileType: UInt32, handle: FileHandle?, since: UInt64
  ) throws(Errno) {
    if let handle { try setHandle(handle, at: index) }
    let tag = slots[index].tag.load(ordering: .relaxed)
    slots[index].inode.store(identity.inode, ordering: .relaxed)
    slots[index].device.store(identity.device, ordering: .relaxed)
    slots[index].mount.store(identity.mount, ordering: .relaxed)
    slots[index].fileType.store(UInt16(truncatingIfNeeded: fileType), ordering: .relaxed)
    slots[index].since.store(since, ordering: .relaxed)
    slots[index].heat.store(0, ordering: .relaxed)
    slots[index].lookups.store(1, ordering: .relaxed)
    slots[index].tag.store(Tag.live | UInt64(Tag.generation(tag)) + 1, ordering: .releasing)
  }

  /// Makes a place the root, whose node id is 1 and therefore has generation 0.
  func publishRoot(_ index: UInt32, _ identity: Identity, fileType: UInt32) {
    slots[index].inode.store(identity.inode, ordering: .relaxed)
    slots[index].device.store(identity.device, ordering: .relaxed)
    slots[index].mount.store(identity.mount, ordering: .relaxed)
    slots[index].fileType.store(UInt16(truncatingIfNeeded: fileType), ordering: .relaxed)
    slots[index].tag.store(Tag.live, ordering: .releasing)
  }

  /// The node is one no more; what it holds stays until `reclaim`.
  func unpublish(_ index: UInt32) {
    let tag = slots[index].tag.load(ordering: .relaxed)
    slots[index].tag.store(UInt64(Tag.generation(tag)), ordering: .releasing)
  }

  /// Gives back a place that was taken and not published, or that nobody reads any more.
  ///
  /// One whose generations are used up is kept out of use, so that no node id ever comes again.
  func reclaim(_ index: UInt32) {
    let isUsed = slots[index].mount.load(ordering: .relaxed) != 0
    dropPin(of: index)
    dropHandle(of: index)
    if isUsed {
      mounts.release(slots[index].mount.load(ordering: .relaxed))
      slots[index].mount.store(0, ordering: .relaxed)
    }
    let tag = slots[index].tag.load(ordering: .relaxed)
    guard Tag.generation(tag) < UInt32.max else { return }
    slots.give(index)
  }

  // MARK: Handles

  /// The handle of the node at `index`, if it has one.
  func handle(at index: UInt32) -> FileHandle? {
    let byteCount = Int(slots[index].handleByteCount.load(ordering: .acquiring))
    guard byteCount > 0 else { return nil }
    var words = [16 of UInt64](repeating: 0)
    let wordCount = (byteCount + 7) / 8
    if wordCount <= 4 {
      for number in 0..<wordCount {
        words[number] = slots[index].handleWords[number].load(ordering: .relaxed)
      }
    } else {
      let block = UInt32(truncatingIfNeeded: slots[index].handleWords[0].load(ordering: .relaxed))
      for number in 0..<min(wordCount, 16) {
        words[number] = blocks[block].words[number].load(ordering: .relaxed)
      }
    }
    let type = slots[index].handleType.load(ordering: .relaxed)
    return FileHandle(type: type, byteCount: byteCount, words: words)
  }

  /// Gives a node without a handle one; under the shard's lock, or before `publish`.
  func setHandle(_ handle: FileHandle, at index: UInt32) throws(Errno) {
    guard let byteCount = UInt8(exactly: handle.byteCount), byteCount > 0 else { return }
    if handle.wordCount <= 4 {
      for number in 0..<4 {
        slots[index].handleWords[number].store(handle.words[number], ordering: .relaxed)
      }
    } else {
      let block = try blocks.take()
      for number in 0..<16 {
        blocks[block].words[number].store(handle.words[number], ordering: .relaxed)
      }
      slots[index].handleWords[0].store(UInt64(block), ordering: .relaxed)
    }
    slots[index].handleType.store(handle.type, ordering: .relaxed)
    slots[index].handleByteCount.store(byteCount, ordering: .releasing)
  }

  private func dropHandle(of index: UInt32) {
    if slots[index].handleByteCount.load(ordering: .relaxed) > 32 {
      let block = slots[index].handleWords[0].load(ordering: .relaxed)
      blocks.give(UInt32(truncatingIfNeeded: block))
    }
    slots[index].handleByteCount.store(0, ordering: .relaxed)
  }

  // MARK: Pins

  /// Pins the node's file; `descriptor` is counted in the budget already.
  func setPin(_ descriptor: consuming OwnedDescriptor, at index: UInt32) {
    slots[index].pin.store(descriptor.release().rawValue, ordering: .releasing)
  }

  /// Takes the pin, if there is one, and what it counts in the budget, from a place that is no
  /// node.
  func takePin(of index: UInt32) -> OwnedDescriptor? {
    let number = slots[index].pin.exchange(-1, ordering: .acquiringAndReleasing)
    guard number >= 0 else { return nil }
    descriptors.give()
    return OwnedDescriptor(taking: number)
  }

  private func dropPin(of index: UInt32) {
    _ = takePin(of: index)
  }
}
