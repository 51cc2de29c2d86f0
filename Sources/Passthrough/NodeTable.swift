package import FuseProtocol
package import Linux
internal import Synchronization

/// The host's files that the guest knows: one node for a file as long as the guest knows it, and
/// never another file under that node's number.
///
/// A node is found by its number without a lock: the number is a place in a slab, and a generation.
/// By file it is found in two indices, by file handle and by identity (`NodeShards`). Locks are
/// held for map work only, never for a system call. How a file is recognized is in
/// `NodeTable+Lookup.swift`.
///
/// The methods that take a node's number are for threads with an awake view of `limbo`. All are to
/// be called with the daemon's own credentials: opening by handle needs CAP_DAC_READ_SEARCH, and
/// the guest's user may be forbidden what looking up needs.
package final class NodeTable: Sendable {
  /// `/proc/self/fd`, for what a file opened with `O_PATH` cannot do.
  package let links: DescriptorLinks
  let store: NodeStore
  let mounts: Mounts
  let shards = NodeShards()
  let hasher = IdentityHasher()
  /// Moves on whenever a node is made or pinned.
  ///
  /// A status taken at a time is a statement about those nodes only whose `since` is not later than
  /// the clock was before it was taken.
  let clock = Atomic<UInt64>(0)
  let limbo: Limbo
  /// The pins of nodes that have a handle as well.
  let pins: PinCache
  let isMandatory: Bool
  private let owner: Limbo.OwnerNumber
  private let liveCount = Atomic<Int>(1)

  /// A table that knows only the root.
  ///
  /// - Parameters:
  ///   - root: The directory to share, opened with `O_PATH`.
  ///   - limbo: What a forgotten node held is closed there; its budget counts descriptors.
  ///   - maximumCount: How many nodes the guest may know, the root included.
  ///   - pinLimit: How many nodes that have a handle may be held open nevertheless.
  ///   - watchLimit: How many files may be known by a watch.
  ///   - unifiesMounts: Whether a file that is seen through several mounts is one file.
  /// - Throws: `EOPNOTSUPP` if `mode` is `.mandatory` and the root has no handle that works.
  package convenience init(
    root: consuming OwnedDescriptor, links: consuming DescriptorLinks, mode: FileHandleMode,
    limbo: Limbo, maximumCount: Int, pinLimit: Int, watchLimit: Int,
    unifiesMounts: Bool = false
  ) throws(Errno) {
    let mounts = try Mounts(
      root: root.borrowed, links: links, mode: mode, isUnified: unifiesMounts,
      descriptors: limbo.descriptors)
    self.init(
      links, mounts, limbo, maximumCount: maximumCount, pinLimit: pinLimit, watchLimit: watchLimit)
    try addRoot(root)
  }

  /// Nothing fails here: the compiler (6.3.1) cannot undo half of such an object.
  private init(
    _ links: consuming DescriptorLinks, _ mounts: Mounts, _ limbo: Limbo, maximumCount: Int,
    pinLimit: Int, watchLimit: Int
  ) {
    self.links = links
    self.limbo = limbo
    isMandatory = mounts.mode == .mandatory
    pins = PinCache(limit: pinLimit)
    self.mounts = mounts
    store = NodeStore(
      mounts: mounts, descriptors: limbo.descriptors, maximumCount: maximumCount,
      watchLimit: watchLimit)
    owner = limbo.adopt(store)
  }

  private func addRoot(_ root: consuming OwnedDescriptor) throws(Errno) {
    let status = try root.borrowed.status()
    let identity = Identity(status, mount: Mounts.root)
    let index = try store.slots.take()
    try limbo.descriptors.take()
    store.setPin(root, at: index)
    store.publishRoot(index, identity, fileType: status.fileType)
    let hash = hasher.hash(identity)
    shards.withIdentities(hash) { $0.insert(UInt32(truncatingIfNeeded: hash), index) }
  }

  /// How many nodes the guest knows, the root included.
  package var count: Int {
    liveCount.load(ordering: .relaxed)
  }

  /// Whether files on the root's mount are known by handle: false in mode `.prefer` where the root
  /// has no handle that works, and in mode `.never`.
  package var usesHandles: Bool {
    mounts.usesHandles(Mounts.root)
  }

  /// The type's bits of the mode (`S_IFREG` ...) of the node's file.
  ///
  /// - Throws: `ESTALE` if the guest does not know the node.
  package func fileType(of node: NodeID) throws(Errno) -> UInt32 {
    store.slots[try place(of: node)].fileType
  }

  /// The place of a node that the guest uses now.
  @inline(__always)
  func place(of node: NodeID) throws(Errno) -> UInt32 {
    guard let index = store.place(of: node) else { throw .stale }
    mounts.touch(store.mount(at: index))
    return index
  }

  /// The number of the mount that the node is on; that of the share for a node that is not known.
  func mount(of node: NodeID) -> UInt32 {
    guard let index = store.place(of: node) else { return Mounts.root }
    return store.mount(at: index)
  }

  func countMade() {
    liveCount.wrappingAdd(1, ordering: .relaxed)
  }
}

// MARK: - Forgetting

extension NodeTable {
  /// Takes back `lookups` of the guest's lookups; at zero the node is none any more.
  ///
  /// More than there are count as all. The root is never forgotten, an unknown node ignored. May be
  /// called without a view.
  package func forget(_ node: NodeID, lookups: UInt64) {
    guard node != .root, let index = store.place(of: node) else { return }
    guard remove(node, at: index, lookups: lookups) else { return }
    if store.slots[index].isPinned, store.slots[index].isOpenedByHandle { pins.remove(isPinned) }
    limbo.retire(index, of: owner)
  }

  /// Forgets everything but the root.
  ///
  /// Other threads may be inside calls: what they make meanwhile may stay. May be called without a
  /// view.
  package func forgetAll() {
    // There may be millions of them: they wait as one.
    var last: UInt32 = 0
    store.slots.forEachPlace { index in
      let tag = store.slots[index].tag.load(ordering: .acquiring)
      let node = NodeID(rawValue: Tag.name(tag, index))
      guard Tag.isLive(tag), node != .root, remove(node, at: index, lookups: .max) else { return }
      store.slots[index].following = last
      last = index
    }
    if last != 0 { limbo.retire(last, of: owner) }
    pins.removeAll()
  }

  private func isPinned(_ node: NodeID) -> Bool {
    store.place(of: node).map { store.slots[$0].isPinned } ?? false
  }

  /// - Returns: Whether that was the last, so that the place is to be retired.
  private func remove(_ node: NodeID, at index: UInt32, lookups: UInt64) -> Bool {
    while true {
      // Read without a lock, so perhaps already of the place's next node; asked again below.
      let hash = hasher.hash(store.slots[index].identity)
      let handleHash = store.handle(at: index).map(hasher.hash)
      let removal = shards.withBoth(hash, handleHash) { byIdentity, byHandle -> Removal in
        guard store.place(of: node) == index else { return .none }
        // It may have got a handle just now.
        guard hasher.hash(store.slots[index].identity) == hash,
          store.slots[index].hasHandle == (handleHash != nil)
        else { return .again }
        let left = store.slots[index].lookups.load(ordering: .relaxed)
        guard left <= lookups else {
          store.slots[index].lookups.store(left - lookups, ordering: .relaxed)
          return .none
        }
        byIdentity.remove(UInt32(truncatingIfNeeded: hash), index)
        if let handleHash { byHandle.remove(UInt32(truncatingIfNeeded: handleHash), index) }
        store.unpublish(index)
        return .last
      }
      switch removal {
      case .again: continue
      case .none: return false
      case .last:
        liveCount.wrappingSubtract(1, ordering: .relaxed)
        return true
      }
    }
  }

  private enum Removal {
    case none
    case last
    case again
  }
}
