package import FuseProtocol
package import Linux
internal import Synchronization

/// The files and directories that the guest has open, by `fh`.
///
/// A handle is a place in a slab and a generation, so a released one never means another file. It
/// is found without a lock. What is released stays readable until every view has passed a quiescent
/// point, and open until then and until the last `unpin`.
package final class OpenFileTable: Sendable {
  private let store: OpenFileStore
  private let limbo: Limbo
  private let owner: Limbo.OwnerNumber

  /// An empty table.
  ///
  /// - Parameters:
  ///   - limbo: Where released files wait to be closed.
  ///   - descriptors: What the files are counted in; the limbo's own budget.
  ///   - maximumCount: How many may be open.
  package init(limbo: Limbo, descriptors: DescriptorBudget, maximumCount: Int) {
    self.limbo = limbo
    store = OpenFileStore(descriptors: descriptors, maximumCount: maximumCount)
    owner = limbo.adopt(store)
  }

  /// How many are open.
  package var count: Int {
    store.liveCount.load(ordering: .relaxed)
  }

  /// Gives `descriptor`, a file of `node`, a handle.
  ///
  /// - Throws: `ENFILE` if too many are open; `descriptor` is closed.
  package func insert(
    _ descriptor: consuming OwnedDescriptor, node: NodeID, flags: OpenFileFlags,
    mount: UInt32 = Mounts.root
  ) throws(Errno) -> UInt64 {
    try store.add(descriptor, node: node, flags: flags, mount: mount)
  }

  /// The file with this handle, good until the thread's next quiescent point.
  ///
  /// - Throws: `EBADF` if there is none.
  @inline(__always)
  package func find(_ handle: UInt64) throws(Errno) -> OpenFile {
    guard let index = store.place(of: handle) else { throw .badDescriptor }
    return OpenFile(
      descriptor: Descriptor(
        rawValue: store.slots[index].descriptor.load(ordering: .relaxed)),
      handle: handle,
      node: NodeID(rawValue: store.slots[index].node.load(ordering: .relaxed)),
      mount: store.slots[index].mount.load(ordering: .relaxed),
      flags: OpenFileFlags(rawValue: store.slots[index].flags.load(ordering: .relaxed)))
  }

  /// Calls `body` with the directory's cursor, which no other thread uses meanwhile.
  ///
  /// - Throws: `EBADF` if there is no such handle, and what `body` throws.
  package func withCursor<R: Sendable>(
    of handle: UInt64, _ body: (inout DirectoryCursor) throws(Errno) -> R
  ) throws(Errno) -> R {
    guard let index = store.place(of: handle) else { throw .badDescriptor }
    return try store.slots[index].cursor.withLock { (cursor) throws(Errno) in
      try body(&cursor)
    }
  }

  /// RELEASE: the handle is unknown from now on.
  ///
  /// Unknown ones are ignored. May be called without a view, as may all below.
  package func release(_ handle: UInt64) {
    guard let index = store.place(of: handle), store.unpublish(index, handle) else { return }
    limbo.retire(index, of: owner)
  }

  /// Releases all.
  ///
  /// Other threads may be inside calls: what they open meanwhile may stay.
  package func releaseAll() {
    store.slots.forEachPlace { index in
      let tag = store.slots[index].tag.load(ordering: .acquiring)
      if Tag.isLive(tag) { release(Tag.name(tag, index)) }
    }
  }

  /// Keeps a file open that `find` gave since the thread's last quiescent point.
  package func pin(_ handle: UInt64) {
    guard let index = store.place(named: handle) else { return }
    store.slots[index].users.wrappingAdd(1, ordering: .relaxed)
  }

  /// Ends one `pin`; closes the file if that was the last thing that kept it open.
  package func unpin(_ handle: UInt64) {
    guard let index = store.place(named: handle) else { return }
    store.endUse(of: index)
  }
}
