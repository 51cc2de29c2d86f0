internal import FuseProtocol
internal import Linux
internal import Synchronization

/// The slots of the nodes, with what they hold: long handles, descriptors, mounts.
///
/// It knows nothing of the indices: `NodeTable` decides which file is which node.
final class NodeStore: Reclaimer {
  let slots: Slab<NodeSlot>
  let mounts: Mounts
  let watched: WatchedFiles
  private let blocks: HandleBlocks
  private let descriptors: DescriptorBudget

  init(mounts: Mounts, descriptors: DescriptorBudget, maximumCount: Int, watchLimit: Int) {
    self.mounts = mounts
    watched = WatchedFiles(limit: watchLimit)
    self.descriptors = descriptors
    slots = Slab(maximumCount: maximumCount)
    blocks = Slab(maximumCount: maximumCount)
  }

  // The table is gone, so nobody reads any more; what is in the limbo has no pin when it gets here.
  deinit {
    slots.forEachPlace { dropPin(of: $0) }
  }

  /// The place of a node, if the guest knows a node by that number.
  @inline(__always)
  func place(of node: NodeID) -> UInt32? {
    let index = UInt32(truncatingIfNeeded: node.rawValue)
    guard slots.holds(index) else { return nil }
    let tag = slots[index].tag.load(ordering: .acquiring)
    return Tag.isLive(tag, node.rawValue) ? index : nil
  }

  /// The number of the mount that the node at a place is on; 0 for none.
  @inline(__always)
  func mount(at index: UInt32) -> UInt32 {
    slots[index].mount.load(ordering: .relaxed)
  }

  /// The node at a place in use.
  func node(at index: UInt32) -> NodeID {
    NodeID(rawValue: Tag.name(slots[index].tag.load(ordering: .relaxed), index))
  }

  /// Fills a place, with one lookup, and makes it a node; under the locks.
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
    slots[index].fileType = fileType
    slots[index].since.store(since, ordering: .relaxed)
    slots[index].heat.store(0, ordering: .relaxed)
    slots[index].lookups.store(1, ordering: .relaxed)
    slots[index].tag.store(Tag.next(tag), ordering: .releasing)
  }

  /// Makes a place the root, whose node id is 1 and therefore has generation 0.
  func publishRoot(_ index: UInt32, _ identity: Identity, fileType: UInt32) {
    slots[index].inode.store(identity.inode, ordering: .relaxed)
    slots[index].device.store(identity.device, ordering: .relaxed)
    slots[index].mount.store(identity.mount, ordering: .relaxed)
    slots[index].fileType = fileType
    slots[index].tag.store(Tag.live, ordering: .releasing)
  }

  /// The node is one no more; what it holds stays until `reclaim`.
  func unpublish(_ index: UInt32) {
    let tag = slots[index].tag.load(ordering: .relaxed)
    slots[index].following = 0
    slots[index].tag.store(Tag.free(Tag.generation(tag)), ordering: .releasing)
  }

  /// Gives back a place that was a node and that nobody reads any more, and those that follow it.
  func reclaim(_ index: UInt32) {
    var index = index
    while index != 0 {
      let following = slots[index].following
      giveBack(index)
      index = following
    }
  }

  /// Gives back a place that was taken and not published, or that nobody reads any more.
  ///
  /// One whose generations are used up is kept out of use, so that no node id ever comes again.
  func giveBack(_ index: UInt32) {
    let isUsed = mount(at: index) != 0
    dropPin(of: index)
    if !slots[index].isOpenedByHandle, let handle = handle(at: index) { watched.release(handle) }
    slots[index].dropHandle(blocks)
    if isUsed {
      mounts.release(mount(at: index))
      slots[index].mount.store(0, ordering: .relaxed)
    }
    guard slots[index].generation < Tag.lastGeneration else { return }
    // What served so many nodes besides is garbage now.
    if slots.give(index) { Heap.trim() }
  }

  // MARK: Handles

  /// The handle of the node at `index`, if it has one.
  func handle(at index: UInt32) -> FileHandle? {
    slots[index].handle(blocks)
  }

  /// Whether the node at `index` has this handle.
  func holds(_ handle: FileHandle, at index: UInt32) -> Bool {
    slots[index].has(handle, blocks)
  }

  /// Gives a node without a handle one; under the locks, or before `publish`.
  func setHandle(_ handle: FileHandle, at index: UInt32) throws(Errno) {
    try slots[index].setHandle(handle, blocks)
    watched.retain(handle)
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
