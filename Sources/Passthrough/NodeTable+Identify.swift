internal import FuseProtocol
internal import Linux
internal import Synchronization

extension NodeTable {
  /// The node of an open file, which is made if there is none, with one lookup counted, and the
  /// file's attributes.
  ///
  /// While the file is open its inode number is its own, so whatever is known of a file with the
  /// same identity is either about this file or about one that is gone:
  ///
  /// | by handle | by identity | the node |
  /// |---|---|---|
  /// | found | - | that one; where files have no handle it may be a watch's (`WatchedFiles`) |
  /// | - | pinned | that one; a handle that it lacks is added; see `InodeNumberProof` |
  /// | - | not pinned | that one if its own handle opens this file, else its identity is dropped |
  /// | - | none | a new one |
  ///
  /// - Parameter spare: The file opened with `O_PATH`, if at hand; it becomes the pin of a new node
  ///   that needs one.
  func identify(
    _ file: Descriptor, spare: inout OwnedDescriptor?
  ) throws(Errno) -> (NodeID, FileStatus) {
    let status = try file.status()
    let mount = try mounts.acquire(file, status, links: links)
    do {
      let subject = try describe(file, status, mount)
      // A node that is made now holds it as well.
      defer { if let handle = subject.handle { store.watched.release(handle) } }
      let (node, isNew) = try settle(subject, file, &spare)
      let index = UInt32(truncatingIfNeeded: node.rawValue)
      if isNew {
        // A new node keeps the count of its mount.
        if subject.isOpenedByHandle { keepPin(of: node, at: index) }
      } else {
        mounts.release(mount)
        if !store.slots[index].isPinned, wantsPin(index) { promote(node, at: index, &spare) }
      }
      return (node, status)
    } catch {
      mounts.release(mount)
      throw error
    }
  }

  /// What leads to the file of a node.
  private enum Proof {
    case handle(FileHandle)
    case pin(Descriptor)
  }

  private enum Finding {
    /// Counted.
    case known(NodeID)
    /// Only by identity, which proves nothing here: is it this file?
    case question(NodeID, Proof)
    case unknown
  }

  /// Finds the node, or makes it.
  private func settle(
    _ subject: Subject, _ file: Descriptor, _ spare: inout OwnedDescriptor?
  ) throws(Errno) -> (NodeID, isNew: Bool) {
    if let node = try search(subject) { return (node, false) }
    if let named = subject.byName(hasher), let node = try search(named) { return (node, false) }
    if subject.isByName, let node = try searchByNumber(subject) { return (node, false) }
    while true {
      let index = try prepare(subject, file, &spare)
      let made = shards.withBoth(subject.hash, subject.handleHash) { byIdentity, byHandle in
        insert(subject, at: index, &byIdentity, &byHandle)
      }
      switch made {
      case .success(.unknown):
        return (store.node(at: index), true)
      case .success(let other):
        // The file stays open: whether it is the other's is still to be seen.
        if spare == nil { spare = store.takePin(of: index) }
        store.giveBack(index)
        if let node = try resolve(other, subject) { return (node, false) }
      case .failure(let error):
        store.giveBack(index)
        throw error
      }
    }
  }

  /// The node, counted, if there is one.
  private func search(_ subject: Subject) throws(Errno) -> NodeID? {
    let finding = shards.withBoth(subject.hash, subject.handleHash) { byIdentity, byHandle in
      find(subject, &byIdentity, &byHandle)
    }
    return try resolve(finding, subject)
  }

  /// The node, counted, that a file known by name was before it had several names.
  private func searchByNumber(_ subject: Subject) throws(Errno) -> NodeID? {
    let identity = Identity(subject.status, mount: subject.identity.mount)
    let hash = hasher.hash(identity)
    let candidate = shards.withIdentities(hash) { byIdentity -> NodeID? in
      find(identity, hash, in: byIdentity).map { store.node(at: $0) }
    }
    guard let candidate, let index = store.place(of: candidate), let pin = pin(at: index),
      try nameIdentity(of: pin, identity.mount) == subject.identity
    else { return nil }
    return shards.withIdentities(hash) { _ in
      store.place(of: candidate) == index ? countLookup(index) : nil
    }
  }

  /// Answers questions until the node is known, or known not to be.
  private func resolve(_ first: Finding, _ subject: Subject) throws(Errno) -> NodeID? {
    var finding = first
    while true {
      switch finding {
      case .known(let node): return node
      case .unknown: return nil
      case .question(let node, let proof):
        if try !leads(proof, to: subject) { dropIdentity(of: node, subject) }
        finding = shards.withBoth(subject.hash, subject.handleHash) { byIdentity, byHandle in
          find(subject, &byIdentity, &byHandle, proven: node)
        }
      }
    }
  }

  /// The node of `subject`, counted, as far as the indices tell; under both locks.
  ///
  /// - Parameter proven: A node that was found to be this file if it still has its identity.
  private func find(
    _ subject: Subject, _ byIdentity: inout NodeIndex, _ byHandle: inout NodeIndex,
    proven: NodeID? = nil
  ) -> Finding {
    let mount = subject.identity.mount
    if let handle = subject.handle, let hash = subject.handleHash,
      let index = find(handle, mount, hash, in: byHandle)
    {
      return .known(countLookup(index))
    }
    guard let index = find(subject.identity, subject.hash, in: byIdentity) else { return .unknown }
    let node = store.node(at: index)
    let pin = pin(at: index)
    if node == proven || (pin != nil && !subject.asksPin) {
      addHandle(of: subject, to: index, in: &byHandle)
      return .known(countLookup(index))
    }
    if let pin { return .question(node, .pin(pin)) }
    // A node without a pin has a handle: it was made with one or the other.
    guard let handle = store.handle(at: index) else { return .unknown }
    return .question(node, .handle(handle))
  }

  /// Gives a node made without a handle the one that was had now; it stays the same node.
  private func addHandle(
    of subject: Subject, to index: UInt32, in byHandle: inout NodeIndex
  ) {
    guard let handle = subject.handle, let hash = subject.handleHash,
      !store.slots[index].hasHandle,
      // Without room for a long handle the node goes on without it: it is pinned.
      (try? store.setHandle(handle, at: index)) != nil
    else { return }
    byHandle.insert(UInt32(truncatingIfNeeded: hash), index)
    // From now on it could do without its pin.
    if subject.isOpenedByHandle { pins.add(store.node(at: index), look) }
  }

  /// Whether a node's handle, or its pin, leads to the file of `subject`, which is open at the same
  /// time.
  ///
  /// - Throws: What opening fails with for reasons that say nothing about the file.
  private func leads(_ proof: Proof, to subject: Subject) throws(Errno) -> Bool {
    if let handle = subject.handle, handle.watch != nil, case .pin(let pin) = proof {
      return try store.watched.isHandle(handle, of: pin, links)
    }
    var anchor: Descriptor?
    // Without one nothing is known, so its error is no answer.
    if case .handle = proof {
      anchor = try mounts.anchor(of: subject.identity.mount, links: links)
    }
    do {
      let status: FileStatus
      switch proof {
      case .pin(let pin) where subject.isByName:
        // A path alone may be another file's: a name may end in " (deleted)".
        let status = try pin.status()
        guard status.inode == subject.status.inode, status.device == subject.status.device else {
          return false
        }
        return try nameIdentity(of: pin, subject.identity.mount) == subject.identity
      case .pin(let pin): status = try pin.status()
      case .handle(let handle):
        guard let anchor else { return false }
        let opened = try anchor.open(handle, .path)
        status = try opened.borrowed.status()
      }
      guard Identity(status, mount: subject.identity.mount) == subject.identity,
        status.fileType == subject.status.fileType
      else { return false }
      guard let birth = status.birthTime, let other = subject.status.birthTime else { return true }
      return birth == other
    } catch {
      guard error == .stale || error == .noEntry else { throw error }
      return false
    }
  }

  /// The file of `node` is gone, and its inode number another file's: only the handle leads to the
  /// node from now on, which keeps it from meaning the new file.
  private func dropIdentity(of node: NodeID, _ subject: Subject) {
    shards.withIdentities(subject.hash) { byIdentity in
      guard let index = find(subject.identity, subject.hash, in: byIdentity),
        store.node(at: index) == node
      else { return }
      byIdentity.remove(UInt32(truncatingIfNeeded: subject.hash), index)
    }
  }

  /// A place for a new node, with a pin if it needs one.
  private func prepare(
    _ subject: Subject, _ file: Descriptor, _ spare: inout OwnedDescriptor?
  ) throws(Errno) -> UInt32 {
    let index = try store.slots.take()
    if subject.isOpenedByHandle {
      // What is open anyway may stay so while there is room.
      guard spare != nil, pins.hasRoom, (try? limbo.descriptors.take(isForNode: true)) != nil,
        let pin = spare.take()
      else { return index }
      store.setPin(pin, at: index)
      return index
    }
    do {
      try limbo.descriptors.take(isForNode: true)
    } catch {
      store.giveBack(index)
      throw error
    }
    do {
      if let pin = spare.take() {
        store.setPin(pin, at: index)
      } else {
        store.setPin(try links.reopen(file, .path), at: index)
      }
    } catch {
      limbo.descriptors.give()
      store.giveBack(index)
      throw error
    }
    return index
  }

  /// Makes the prepared place the node of `subject`, if there still is none.
  private func insert(
    _ subject: Subject, at index: UInt32, _ byIdentity: inout NodeIndex,
    _ byHandle: inout NodeIndex
  ) -> Result<Finding, Errno> {
    let finding = find(subject, &byIdentity, &byHandle)
    guard case .unknown = finding else { return .success(finding) }
    let since = tick()
    do {
      try store.publish(
        index, subject.identity, fileType: subject.status.fileType, handle: subject.handle,
        since: since)
    } catch {
      return .failure(error)
    }
    byIdentity.insert(UInt32(truncatingIfNeeded: subject.hash), index)
    if let hash = subject.handleHash { byHandle.insert(UInt32(truncatingIfNeeded: hash), index) }
    countMade()
    return .success(.unknown)
  }
}
