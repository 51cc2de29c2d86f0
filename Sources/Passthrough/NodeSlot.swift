internal import Linux
internal import Synchronization

/// A node in the slab: what a guest's node id leads to; one cache line.
///
/// All of it is written before `tag` is stored with `Tag.live` and stays until no thread can read
/// it any more, with these exceptions: `lookups`, `pin` and `since` change under the locks of
/// `NodeShards` (what a pin held is retired, not closed), a handle may be added to a node without
/// one, and `heat` is a hint.
struct NodeSlot: ~Copyable, SlabElement {
  /// Generation, and whether the place is a node now.
  let tag: Atomic<UInt32>
  /// The descriptor that holds the file, or -1.
  let pin = Atomic<Int32>(-1)
  /// `nlookup`: how often the guest was told of the node and has not forgotten it; `following` when
  /// it is a node no more.
  let lookups = Atomic<UInt64>(0)
  /// `Identity.inode`.
  let inode = Atomic<UInt64>(0)
  /// The table's clock when the node was made or pinned, whichever was later.
  let since = Atomic<UInt64>(0)
  /// `Identity.device`.
  let device = Atomic<UInt32>(0)
  /// `Identity.mount`.
  let mount = Atomic<UInt32>(0)
  /// The type's bits of the mode, from the lowest on.
  private let typeBits = Atomic<UInt8>(0)
  /// Whether the node was asked for since `PinCache` last looked: 0 or 1.
  let heat = Atomic<UInt8>(0)
  /// `FileHandle.type`, unless that lies with `handleWords`.
  let handleType = Atomic<UInt8>(0)
  /// 0 if the node has no handle; stored last, after the words.
  let handleByteCount = Atomic<UInt8>(0)
  /// The handle's bytes, which here means all that local file systems but overlayfs make, or if
  /// there are more than 20 of them the places of `HandleBlock`s.
  let handleWords: [5 of Atomic<UInt32>] = [5 of Atomic<UInt32>] { _ in Atomic(0) }

  init(generation: UInt32) {
    tag = Atomic(Tag.free(generation))
  }

  var identity: Identity {
    Identity(
      inode: inode.load(ordering: .relaxed), device: device.load(ordering: .relaxed),
      mount: mount.load(ordering: .relaxed))
  }

  /// The type's bits of the mode.
  var fileType: UInt32 {
    get { UInt32(typeBits.load(ordering: .relaxed)) << 12 }
    nonmutating set {
      typeBits.store(UInt8(truncatingIfNeeded: newValue >> 12), ordering: .relaxed)
    }
  }

  var isPinned: Bool { pin.load(ordering: .relaxed) >= 0 }
  var hasHandle: Bool { handleByteCount.load(ordering: .acquiring) > 0 }
  /// Whether the file can be opened by the handle, so that the node can do without a pin.
  var isOpenedByHandle: Bool {
    hasHandle && FileHandle.opensFile(type: Int32(handleType.load(ordering: .relaxed)))
  }

  var generation: UInt32 { Tag.generation(tag.load(ordering: .relaxed)) }

  var following: UInt32 {
    get { UInt32(truncatingIfNeeded: lookups.load(ordering: .relaxed)) }
    nonmutating set { lookups.store(UInt64(newValue), ordering: .relaxed) }
  }

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

/// A place's tag: whether it is in use in the lowest bit, and its generation.
///
/// Memory that is all zero is the tag of a place that is not in use.
enum Tag {
  /// What a place has that is in use.
  static let live: UInt32 = 1
  /// A place with this generation is used up.
  static let lastGeneration: UInt32 = .max >> 1

  static func generation(_ tag: UInt32) -> UInt32 { tag >> 1 }

  static func isLive(_ tag: UInt32) -> Bool { tag & live != 0 }

  /// The tag of a place that is not in use.
  static func free(_ generation: UInt32) -> UInt32 { generation << 1 }

  /// The tag of a place in its next use; not to be asked in its last generation.
  static func next(_ tag: UInt32) -> UInt32 { free(generation(tag) + 1) | live }

  /// Whether `tag` is that of the place in use that `number` (a node id, a handle) names.
  ///
  /// Compared as 64 bits: a number that is too great is no other's name.
  @inline(__always)
  static func isLive(_ tag: UInt32, _ number: UInt64) -> Bool {
    UInt64(tag) == (number >> 32) << 1 | 1
  }

  /// The name of the place `index` with this tag: never the name of anything else.
  static func name(_ tag: UInt32, _ index: UInt32) -> UInt64 {
    UInt64(generation(tag)) << 32 | UInt64(index)
  }
}
