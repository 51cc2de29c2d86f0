package import FuseProtocol
package import Linux
internal import Synchronization

// Looking names up without opening what they name; why that is right is in `Steadiness`.

extension NodeTable {
  /// LOOKUP as `lookup(_:in:)`, with what `names` remembers of the directory.
  package func lookup(
    _ name: borrowing PathName, in parent: NodeID, _ names: inout SteadyNames,
    mayWait: Bool = true
  ) throws(Errno) -> (NodeID, FileStatus) {
    guard name.isEntryName else { throw .invalidArgument }
    let index = try place(of: parent)
    guard let directory = pin(at: index) else {
      return try lookup(name, in: parent, mayWait: mayWait)
    }
    let before = clock.load(ordering: .acquiring)
    let status = try status(of: name, in: directory, mayWait: mayWait)
    if let node = recognize(status, name, in: directory, before: before) { return (node, status) }
    if let steadiness = names.steadiness(of: parent) {
      let node = find(
        status, name, in: directory, before: before, steadiness, &names, isAsked: true)
      if confirm(&names, of: parent, directory, steadiness), let node { return (node, status) }
    } else {
      learn(of: parent, directory, &names)
    }
    return try lookUpAnew(name, in: directory)
  }

  /// Whether the names in the open directory `file`, which is `directory`, can be looked up by
  /// `find` now.
  package func steadiness(
    of directory: NodeID, _ file: Descriptor, _ names: inout SteadyNames
  ) -> Steadiness? {
    // What is remembered of a node that is gone may speak of a mount that is gone.
    guard let index = store.place(of: directory) else { return nil }
    if let steadiness = names.steadiness(of: directory) { return steadiness }
    let mount = store.mount(at: index)
    guard mounts.commonIDs != nil, mounts.numbers(mount) == .native else { return nil }
    // In this order: what changes after the look does so after the time that was read, and what
    // began before it has ended when names are looked up.
    let now = SystemClock.coarse
    guard let status = try? file.status(), status.mountID != 0,
      status.changeTime.isBefore(now, by: names.quietTime), !status.changeTime.isClocksEnd,
      (try? file.waitForNameChanges()) != nil
    else { return nil }
    let steadiness = Steadiness(
      change: status.changeTime, since: tick(), device: status.device, mountID: status.mountID,
      mount: mount)
    names.remember(directory, steadiness)
    return steadiness
  }

  /// The node of what `name` names in `directory`, with one lookup counted, which holds only if
  /// `confirm` says so; nothing if that cannot be told without opening it.
  package func find(
    _ name: borrowing PathName, in directory: Descriptor, _ steadiness: Steadiness,
    _ names: inout SteadyNames, mayWait: Bool = true
  ) -> (NodeID, FileStatus)? {
    guard name.isEntryName else { return nil }
    let before = clock.load(ordering: .acquiring)
    guard let status = try? status(of: name, in: directory, mayWait: mayWait),
      let node = find(status, name, in: directory, before: before, steadiness, &names)
    else { return nil }
    return (node, status)
  }

  /// Ends what `find` began: whether the directory has not changed, so that all of it holds.
  ///
  /// If it has, the lookups are taken back.
  package func confirm(
    _ names: inout SteadyNames, of directory: NodeID, _ file: Descriptor, _ steadiness: Steadiness
  ) -> Bool {
    // Before the look: if it agrees all of the nodes still lived at this moment.
    let moment = names.reachedByHandle.isEmpty ? 0 : tick()
    let needsLook = names.restsOnListing || (names.restsOnNames && !names.counted.isEmpty)
    let holds = !needsLook || (!names.haveChanged && look(at: file, steadiness) != nil)
    if holds {
      for node in names.reachedByHandle { prove(node, at: moment) }
    } else {
      for node in names.counted { forget(node, lookups: 1) }
    }
    if !holds || names.haveChanged { names.remember(directory, nil) }
    names.finish(holds: holds)
    return holds
  }

  /// Notes that a name in `directory` was not known; the second time the directory is looked at.
  private func learn(of directory: NodeID, _ file: Descriptor, _ names: inout SteadyNames) {
    guard names.hasMet(directory) else { return names.remember(directory, nil) }
    _ = steadiness(of: directory, file, &names)
  }

  /// The node was seen to live at `moment`.
  ///
  /// It cannot have become another one: this thread has not passed a quiescent point.
  private func prove(_ node: NodeID, at moment: UInt64) {
    guard let index = store.place(of: node) else { return }
    let since = store.slots[index].since.load(ordering: .relaxed)
    guard since < moment else { return }
    _ = store.slots[index].since.compareExchange(
      expected: since, desired: moment, ordering: .relaxed)
  }

  private func find(
    _ status: FileStatus, _ name: borrowing PathName, in directory: Descriptor, before: UInt64,
    _ steadiness: Steadiness, _ names: inout SteadyNames, isAsked: Bool = false
  ) -> NodeID? {
    // What is mounted on the name is not the directory's.
    guard !names.haveChanged, status.mountID == steadiness.mountID,
      status.device == steadiness.device
    else {
      return nil
    }
    let identity = Identity(status, mount: steadiness.mount)
    let hash = hasher.hash(identity)
    let known: KnownByNumber = shards.withIdentities(hash) { byIdentity in
      guard let index = find(identity, hash, in: byIdentity) else { return .nobody }
      let since = store.slots[index].since.load(ordering: .relaxed)
      if store.slots[index].isPinned, since <= before { return .known(countLookup(index)) }
      // One that is known and was not recognized is to be opened, perhaps to be pinned.
      if isAsked { return .known(nil) }
      guard since >= steadiness.since else { return .unproven }
      return .byName(countLookup(index))
    }
    switch known {
    case .known(let node):
      if let node { names.counted.append(node) }
      return node
    case .byName(let node):
      names.counted.append(node)
      names.restsOnNames = true
      return node
    case .unproven, .nobody: break
    }
    guard mounts.usesHandles(steadiness.mount), let kind = mounts.commonIDs,
      let located = try? directory.handle(of: name, mountIDs: kind),
      located.mountID == status.mountID
    else { return nil }
    return identify(located.handle, identity, status, in: directory, steadiness, &names)
  }

  private enum KnownByNumber {
    /// By a pin: that needs no proof. None if it is to be opened.
    case known(NodeID?)
    case byName(NodeID)
    /// Somebody has the number, who may be gone.
    case unproven
    case nobody
  }

  /// The node of the file with this handle and this number, which is made if neither is known.
  ///
  /// The name may have led to one file for its number and to another for its handle. A node of both
  /// would be found by other threads, and opened as what it is not. So a new one is made only after
  /// a look of its own has shown that the directory did not change in between.
  private func identify(
    _ handle: FileHandle, _ identity: Identity, _ status: FileStatus, in directory: Descriptor,
    _ steadiness: Steadiness, _ names: inout SteadyNames
  ) -> NodeID? {
    let hash = hasher.hash(identity)
    let handleHash = hasher.hash(handle)
    let known: KnownByHandle = shards.withBoth(hash, handleHash) { byIdentity, byHandle in
      if let index = find(handle, identity.mount, handleHash, in: byHandle) {
        guard store.slots[index].identity == identity else { return .another }
        return .same(countLookup(index))
      }
      return find(identity, hash, in: byIdentity) == nil ? .nobody : .another
    }
    switch known {
    case .same(let node):
      names.counted.append(node)
      names.reachedByHandle.append(node)
      names.restsOnNames = true
      return node
    case .another: return nil
    case .nobody: break
    }
    // Before the look: at this moment the file still lived.
    let moment = tick()
    guard let seen = look(at: directory, steadiness) else {
      names.haveChanged = true
      return nil
    }
    let node = make(
      handle, identity, fileType: status.fileType, since: moment, in: directory, seen)
    guard let node else { return nil }
    names.counted.append(node)
    // The node is right, whatever happens; that the name leads to it is still to be confirmed.
    names.restsOnNames = true
    return node
  }

  private enum KnownByHandle {
    /// With the same number.
    case same(NodeID)
    /// One of both is another node's.
    case another
    case nobody
  }

  /// The directory's status, if its names are still what they were.
  private func look(at directory: Descriptor, _ steadiness: Steadiness) -> FileStatus? {
    guard let status = try? directory.status(), status.changeTime == steadiness.change else {
      return nil
    }
    return status
  }

  /// The node of a file that lived at `since`, unless it is known meanwhile, or there is no room.
  ///
  /// - Parameter seen: The status of `directory`, which is on the file's mount.
  private func make(
    _ handle: FileHandle, _ identity: Identity, fileType: UInt32, since: UInt64,
    in directory: Descriptor, _ seen: FileStatus
  ) -> NodeID? {
    let hash = hasher.hash(identity)
    let handleHash = hasher.hash(handle)
    // A new node keeps the count of its mount.
    guard let mount = try? mounts.acquire(directory, seen, links: links) else { return nil }
    guard mount == identity.mount, let index = try? store.slots.take() else {
      mounts.release(mount)
      return nil
    }
    let isMade = shards.withBoth(hash, handleHash) { byIdentity, byHandle in
      guard find(handle, mount, handleHash, in: byHandle) == nil,
        find(identity, hash, in: byIdentity) == nil,
        (try? store.publish(index, identity, fileType: fileType, handle: handle, since: since))
          != nil
      else { return false }
      byIdentity.insert(UInt32(truncatingIfNeeded: hash), index)
      byHandle.insert(UInt32(truncatingIfNeeded: handleHash), index)
      return true
    }
    guard isMade else {
      store.giveBack(index)
      mounts.release(mount)
      return nil
    }
    countMade()
    return store.node(at: index)
  }
}
