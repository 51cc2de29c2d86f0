internal import Linux
internal import Synchronization

/// A node in the slab: what a guest's node id leads to.
///
/// All of it is written before `tag` is stored with `Tag.live` and stays until no thread can read
/// it any more, with these exceptions: `lookups`, `pin` and `since` change under the shard's
/// lock (what a pin held is retired, not closed), a handle may be added to a node without one, and
/// `heat` is a hint.
struct NodeSlot: ~Copyable, SlabElement {
  /// Generation, and whether the place is a node now.
  let tag = Atomic<UInt64>(0)
  /// `nlookup`: how often the guest was told of the node and has not forgotten it.
  let lookups = Atomic<UInt64>(0)
  /// `Identity.inode`.
  let inode = Atomic<UInt64>(0)
  /// `Identity.device`.
  let device = Atomic<UInt64>(0)
  /// The table's clock when the node was made or pinned, whichever was later.
  let since = Atomic<UInt64>(0)
  /// The descriptor that holds the file, or -1.
  let pin = Atomic<Int32>(-1)
  /// `Identity.mount`.
  let mount = Atomic<UInt32>(0)
  /// `FileHandle.type`.
  let handleType = Atomic<Int32>(0)
  /// The type's bits of the mode.
  let fileType = Atomic<UInt16>(0)
  /// 0 if the node has no handle; stored last, after the words.
  let handleByteCount = Atomic<UInt8>(0)
  /// Whether the node was asked for since `PinCache` last looked: 0 or 1.
  let heat = Atomic<UInt8>(0)
  /// The handle's bytes, or if there are more than 32 of them the place of a `HandleBlock`.
  let handleWords: [4 of Atomic<UInt64>] = [4 of Atomic<UInt64>] { _ in Atomic(0) }

  init() {}

  /// The `since` of a node of which only names have spoken so far.
  static let neverSeen = UInt64.max

  var identity: Identity {
    Identity(
      inode: inode.load(ordering: .relaxed), device: device.load(ordering: .relaxed),
      mount: mount.load(ordering: .relaxed))
  }

  var isPinned: Bool { pin.load(ordering: .relaxed) >= 0 }
  var hasHandle: Bool { handleByteCount.load(ordering: .acquiring) > 0 }

  /// Notes that the node was asked for.
  ///
  /// - Returns: Whether that had been noted already.
  @inline(__always)
  func warm() -> Bool {
    guard heat.load(ordering: .relaxed) == 0 else { return true }
    heat.store(1, ordering: .relaxed)
    return false
  }
}

/// A handle that is too long for the slot.
struct HandleBlock: ~Copyable, SlabElement {
  let words: [16 of Atomic<UInt64>] = [16 of Atomic<UInt64>] { _ in Atomic(0) }

  init() {}
}

/// A place's tag: its generation in the low half, and whether it is in use.
enum Tag {
  static let live: UInt64 = 1 << 32

  static func generation(_ tag: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: tag)
  }

  /// The tag that a live place has if `number` (a node id, a handle) is its name.
  static func expected(_ number: UInt64) -> UInt64 {
    live | number >> 32
  }

  /// The name of the place `index` with this tag: never the name of anything else.
  static func name(_ tag: UInt64, _ index: UInt32) -> UInt64 {
    UInt64(generation(tag)) << 32 | UInt64(index)
  }
}
