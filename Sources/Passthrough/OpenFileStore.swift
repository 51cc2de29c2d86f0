internal import FuseProtocol
internal import Linux
internal import Synchronization

/// The places of the open files.
///
/// A file is closed when two things are over: the time in which a view may have found it before it
/// was released (`reclaim` is called then), and its users, who have pinned it. Both are in one
/// word, so that exactly one of the two notices that it was the last.
final class OpenFileStore: Reclaimer {
  let slots: Slab<OpenFileSlot>
  let liveCount = Atomic<Int>(0)
  private let descriptors: DescriptorBudget

  init(descriptors: DescriptorBudget, maximumCount: Int) {
    self.descriptors = descriptors
    slots = Slab(maximumCount: maximumCount)
  }

  deinit {
    slots.forEachPlace { closeFile(at: $0) }
  }

  /// The place of a file that is not released.
  @inline(__always)
  func place(of handle: UInt64) -> UInt32? {
    let index = UInt32(truncatingIfNeeded: handle)
    guard slots.holds(index) else { return nil }
    let tag = slots[index].tag.load(ordering: .acquiring)
    return Tag.isLive(tag, handle) ? index : nil
  }

  /// The place of a file, be it released, as long as it is not closed.
  func place(named handle: UInt64) -> UInt32? {
    let index = UInt32(truncatingIfNeeded: handle)
    guard slots.holds(index) else { return nil }
    let tag = slots[index].tag.load(ordering: .acquiring)
    return UInt64(Tag.generation(tag)) == handle >> 32 ? index : nil
  }

  func add(
    _ descriptor: consuming OwnedDescriptor, node: NodeID, flags: OpenFileFlags,
    mount: UInt32 = Mounts.root
  ) throws(Errno) -> UInt64 {
    try descriptors.take()
    let index: UInt32
    do {
      index = try slots.take()
    } catch {
      descriptors.give()
      throw error
    }
    slots[index].descriptor.store(descriptor.release().rawValue, ordering: .relaxed)
    slots[index].node.store(node.rawValue, ordering: .relaxed)
    slots[index].flags.store(flags.rawValue, ordering: .relaxed)
    slots[index].mount.store(mount, ordering: .relaxed)
    slots[index].users.store(0, ordering: .relaxed)
    slots[index].cursor.withLock { $0 = DirectoryCursor() }
    let tag = Tag.next(slots[index].tag.load(ordering: .relaxed))
    slots[index].tag.store(tag, ordering: .releasing)
    liveCount.wrappingAdd(1, ordering: .relaxed)
    return Tag.name(tag, index)
  }

  /// Makes the handle unknown.
  ///
  /// - Returns: Whether it was known until now: of two that release it one succeeds.
  func unpublish(_ index: UInt32, _ handle: UInt64) -> Bool {
    let free = Tag.free(UInt32(truncatingIfNeeded: handle >> 32))
    let isLast = slots[index].tag.compareExchange(
      expected: free | Tag.live, desired: free, ordering: .acquiringAndReleasing
    ).exchanged
    if isLast { liveCount.wrappingSubtract(1, ordering: .relaxed) }
    return isLast
  }

  /// No view can find the file any more.
  func reclaim(_ index: UInt32) {
    let users = slots[index].users.bitwiseOr(
      OpenFileSlot.isReclaimed, ordering: .acquiringAndReleasing
    ).oldValue
    if users == 0 { free(index) }
  }

  /// One user less.
  func endUse(of index: UInt32) {
    let users = slots[index].users.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    if users == OpenFileSlot.isReclaimed { free(index) }
  }

  private func free(_ index: UInt32) {
    closeFile(at: index)
    // A place whose generations are used up is kept out of use: no handle ever comes again.
    if slots[index].generation < Tag.lastGeneration { _ = slots.give(index) }
  }

  private func closeFile(at index: UInt32) {
    let number = slots[index].descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    guard number >= 0 else { return }
    _ = OwnedDescriptor(taking: number)
    descriptors.give()
  }
}

/// A place for an open file.
///
/// All of it is written before `tag` is stored with `Tag.live`; users and cursor change.
struct OpenFileSlot: ~Copyable, SlabElement {
  /// Generation, and whether the handle is known.
  let tag: Atomic<UInt32>
  /// The guest's node; says what the handle may be used for.
  let node = Atomic<UInt64>(0)
  let descriptor = Atomic<Int32>(-1)
  /// The number of the mount that the file is on: right as long as the guest knows the node, which
  /// is longer than the handle.
  let mount = Atomic<UInt32>(0)
  /// `OpenFileFlags`
  let flags = Atomic<UInt32>(0)
  /// How many have pinned the file, and `isReclaimed`.
  let users = Atomic<UInt32>(0)
  /// Of a directory: the position belongs to the open file, so one thread at a time reads.
  let cursor = Mutex(DirectoryCursor())

  static let isReclaimed: UInt32 = 1 << 31

  init(generation: UInt32) {
    tag = Atomic(Tag.free(generation))
  }

  var generation: UInt32 { Tag.generation(tag.load(ordering: .relaxed)) }

  var following: UInt32 {
    get { UInt32(truncatingIfNeeded: node.load(ordering: .relaxed)) }
    nonmutating set { node.store(UInt64(newValue), ordering: .relaxed) }
  }
}
