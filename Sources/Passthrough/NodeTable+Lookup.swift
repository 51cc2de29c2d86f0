package import FuseProtocol
internal import FuseServer
package import Linux
internal import Synchronization

// How a file is recognized.
//
// A file that is open now, or whose node holds a pin, keeps its inode number: two files that live
// at the same time on one device have different numbers. So equal identities prove one file only
// if both lived at one moment. A file handle is the file's own name and needs no such proof.

extension NodeTable {
  /// LOOKUP: the node of what `name` names in the directory `parent`, with one lookup counted, and
  /// the attributes of that very file.
  ///
  /// Links are not followed; what is mounted on the name is found.
  ///
  /// - Throws: `EINVAL` for a name that is not one of an entry, `ESTALE` if the guest does not know
  ///   `parent`, `ENFILE` at a bound, what the host's calls fail with, and `mustWait` as below.
  package func lookup(
    _ name: borrowing PathName, in parent: NodeID, mayWait: Bool = true
  ) throws(Errno) -> (NodeID, FileStatus) {
    guard name.isEntryName else { throw .invalidArgument }
    return try withDirectory(parent, name, mayWait)
  }

  /// LOOKUP of a name that was made just now, so that nobody knows what it names.
  ///
  /// - Throws: As `lookup`.
  package func lookupNew(
    _ name: borrowing PathName, in parent: NodeID
  ) throws(Errno) -> (NodeID, FileStatus) {
    guard name.isEntryName else { throw .invalidArgument }
    return try withDescriptor(of: parent) { (directory) throws(Errno) in
      try lookUpAnew(name, in: directory)
    }
  }

  /// The node of a file that is open already (CREATE, TMPFILE, LINK ...), with one lookup counted,
  /// and its attributes.
  ///
  /// - Throws: `ENFILE` at a bound, and what the host's calls fail with.
  package func claim(_ opened: borrowing OwnedDescriptor) throws(Errno) -> (NodeID, FileStatus) {
    var nothing: OwnedDescriptor?
    return try identify(opened.borrowed, spare: &nothing)
  }

  /// Counts one lookup more of a node that the guest knows.
  ///
  /// - Returns: Whether it still does.
  func countLookup(of node: NodeID) -> Bool {
    guard let index = store.place(of: node) else { return false }
    return shards.withIdentities(hasher.hash(store.slots[index].identity)) { _ in
      guard store.place(of: node) == index else { return false }
      _ = countLookup(index)
      return true
    }
  }

  private func withDirectory(
    _ parent: NodeID, _ name: borrowing PathName, _ mayWait: Bool
  ) throws(Errno) -> (NodeID, FileStatus) {
    let index = try place(of: parent)
    if let pin = pin(at: index) { return try lookup(name, in: pin, mayWait: mayWait) }
    let directory = try openByHandle(at: index, .path)
    return try lookup(name, in: directory.borrowed, mayWait: mayWait)
  }

  /// LOOKUP in a directory that is open, of a name that the directory itself gave.
  ///
  /// - Parameter isAsked: Whether the guest wants this file, rather than all in the directory: only
  ///   then it may become worth a pin.
  func lookup(
    _ name: borrowing PathName, in directory: Descriptor, isAsked: Bool = true,
    mayWait: Bool = true
  ) throws(Errno) -> (NodeID, FileStatus) {
    let before = clock.load(ordering: .acquiring)
    let status = try status(of: name, in: directory, mayWait: mayWait)
    if let node = recognize(status, name, in: directory, before: before, isAsked: isAsked) {
      return (node, status)
    }
    return try lookUpAnew(name, in: directory, isAsked: isAsked)
  }

  /// The status of what `name` names in `directory`.
  ///
  /// - Throws: `mustWait`, unless the thread `mayWait`, for what is mounted on the name if that is
  ///   served elsewhere, or is not known yet.
  @inline(__always)
  func status(
    of name: borrowing PathName, in directory: Descriptor, mayWait: Bool
  ) throws(Errno) -> FileStatus {
    guard !mayWait else { return try directory.status(of: name) }
    let status = try directory.knownStatus(of: name)
    if status.isMountRoot, mounts.mayWait(status) { throw .mustWait }
    return status
  }

  /// LOOKUP of a name that may lead elsewhere by now: everything is asked of the opened file.
  func lookUpAnew(
    _ name: borrowing PathName, in directory: Descriptor, isAsked: Bool = true
  ) throws(Errno) -> (NodeID, FileStatus) {
    var file: OwnedDescriptor? = try directory.open(
      name, [.path, .noFollow], resolving: [.beneath, .noMagicLinks])
    let descriptor = file?.borrowed ?? directory
    guard !isAsked, usesHandles else { return try identify(descriptor, spare: &file) }
    var nothing: OwnedDescriptor?
    return try identify(descriptor, spare: &nothing)
  }

  // MARK: A node that is known, without opening the file

  /// The node of the file that `status` is of, with one lookup counted, if that can be told without
  /// opening it.
  ///
  /// A pinned node with the status's identity is it, if it was pinned before the status was taken:
  /// then the file lived when the status was, and so did the status's file.
  ///
  /// A node that is not pinned is it, if the name leads to the node's handle after the status was
  /// taken and the node was made before that: a handle is found by name only while its file lives,
  /// so the file lived before and after the status was taken, and so the number in the status was
  /// its own.
  ///
  /// - Parameter before: The clock before the status was taken.
  func recognize(
    _ status: FileStatus, _ name: borrowing PathName, in directory: Descriptor, before: UInt64,
    isAsked: Bool = true
  ) -> NodeID? {
    // A mount found here may go and its number become another mount's before the index is locked,
    // but a node there is then younger than `before`.
    guard let mount = mounts.find(status), !mounts.mayShareNumber(status, mount)
    else { return nil }
    let identity = Identity(status, mount: mount)
    let hash = hasher.hash(identity)
    let first: Recognition = shards.withIdentities(hash) { byIdentity in
      guard let index = find(identity, hash, in: byIdentity) else { return .unknown }
      guard store.slots[index].isPinned else { return .unpinned }
      guard isOlder(index, before) else { return .unknown }
      if isAsked { _ = store.slots[index].warm() }
      return .node(countLookup(index))
    }
    switch first {
    case .node(let node): return node
    case .unknown: return nil
    case .unpinned: break
    }
    // If no handle can be had now the opened file decides, and what fails then is reported.
    guard let kind = mounts.commonIDs,
      let located = try? directory.handle(of: name, mountIDs: kind),
      located.mountID == status.mountID
    else { return nil }
    let handleHash = hasher.hash(located.handle)
    return shards.withHandles(handleHash) { byHandle in
      guard let index = find(located.handle, mount, handleHash, in: byHandle),
        store.slots[index].identity == identity, isOlder(index, before)
      else { return nil }
      // One that is to be pinned has to be opened.
      guard !isAsked || !wantsPin(index) else { return nil }
      return countLookup(index)
    }
  }

  private enum Recognition {
    case node(NodeID)
    case unpinned
    case unknown
  }

  private func isOlder(_ index: UInt32, _ before: UInt64) -> Bool {
    store.slots[index].since.load(ordering: .relaxed) <= before
  }

  // MARK: Under the index's lock

  func find(_ identity: Identity, _ hash: UInt64, in byIdentity: borrowing NodeIndex)
    -> UInt32?
  {
    byIdentity.find(UInt32(truncatingIfNeeded: hash)) {
      store.slots[$0].identity == identity
    }
  }

  func find(
    _ handle: FileHandle, _ mount: UInt32, _ hash: UInt64, in byHandle: borrowing NodeIndex
  ) -> UInt32? {
    byHandle.find(UInt32(truncatingIfNeeded: hash)) {
      store.mount(at: $0) == mount && store.holds(handle, at: $0)
    }
  }

  /// Counts one lookup of the node at `index`.
  func countLookup(_ index: UInt32) -> NodeID {
    store.slots[index].lookups.wrappingAdd(1, ordering: .relaxed)
    return store.node(at: index)
  }
}
