internal import FuseProtocol
internal import Linux
internal import Synchronization

// Pins that a node can do without: it has a handle. A node without one keeps its pin for good.

extension NodeTable {
  /// Notes that the guest asks for a node that has no pin.
  ///
  /// - Returns: Whether it should get one, because it was asked for before.
  func wantsPin(_ index: UInt32) -> Bool {
    store.slots[index].warm() && pins.limit > 0 && pins.isWorthAsking
  }

  /// Makes `file`, opened with `O_PATH`, the pin of `node`, whose file it is, if the cache lets it.
  ///
  /// What is not needed stays in `file`.
  func promote(_ node: NodeID, at index: UInt32, _ file: inout OwnedDescriptor?) {
    guard !store.slots[index].isPinned,
      (try? limbo.descriptors.take(isForNode: true)) != nil
    else { return }
    guard let pin = file.take() else { return limbo.descriptors.give() }
    let number = pin.release()
    let isPinned = shards.withIdentities(hasher.hash(store.slots[index].identity)) { _ in
      guard store.place(of: node) == index, !store.slots[index].isPinned else { return false }
      // Before the pin: a status taken earlier must not be taken for the node's.
      store.slots[index].since.store(tick(), ordering: .relaxed)
      store.setPin(OwnedDescriptor(taking: number.rawValue), at: index)
      return true
    }
    guard !isPinned else { return keepPin(of: node, at: index) }
    // Gone meanwhile, or pinned by another thread.
    file = OwnedDescriptor(taking: number.rawValue)
    limbo.descriptors.give()
  }

  /// Lets the cache know of a node that has a pin beside its handle now.
  ///
  /// Only now: what the hand finds without a pin it clears away.
  func keepPin(of node: NodeID, at index: UInt32) {
    guard store.slots[index].isPinned else { return }
    mounts.hold(store.mount(at: index))
    switch pins.admit(node, look) {
    case .admitted: return
    case .insteadOf(let other):
      if demote(other) { return }
      // It cannot give way: the new one does.
      pins.keep(other, insteadOf: node)
    // Everything else is hotter.
    case .refused: break
    }
    if !demote(node) { pins.add(node, look) }
  }

  /// Takes the pin from a node that can be opened by its handle, and only from such a one.
  ///
  /// A file without a name left is not: it would be gone with the pin. The root is none either.
  ///
  /// - Returns: Whether the node has no pin now.
  func demote(_ node: NodeID) -> Bool {
    (try? unpin(node)) ?? false
  }

  /// `demote`.
  ///
  /// - Throws: A shortage: it may work later.
  func unpin(_ node: NodeID) throws(Errno) -> Bool {
    guard node != .root else { return false }
    guard let index = store.place(of: node), let pin = pin(at: index) else { return true }
    guard try opensItsFile(index) else { return false }
    let number = shards.withIdentities(hasher.hash(store.slots[index].identity)) { _ -> Int32? in
      guard store.place(of: node) == index else { return nil }
      let result = store.slots[index].pin.compareExchange(
        expected: pin.rawValue, desired: -1, ordering: .acquiringAndReleasing)
      return result.exchanged ? pin.rawValue : nil
    }
    // Others may be using it until they have put everything down.
    if let number { limbo.retire(OwnedDescriptor(taking: number)) }
    return true
  }

  /// Whether a node's handle leads to its file, which has a name left.
  private func opensItsFile(_ index: UInt32) throws(Errno) -> Bool {
    let identity = store.slots[index].identity
    var failure: Errno?
    do throws(Errno) {
      let file = try openByHandle(at: index, .path)
      let status = try file.borrowed.status()
      if status.linkCount > 0, Identity(status, mount: identity.mount) == identity { return true }
    } catch {
      failure = error
    }
    // The hand need not come back soon.
    _ = store.slots[index].warm()
    if let failure, failure.isShortage { throw failure }
    return false
  }

  /// What the hand of the cache finds.
  func look(_ node: NodeID) -> PinCache.Finding {
    guard let index = store.place(of: node), store.slots[index].isPinned,
      store.slots[index].isOpenedByHandle
    else { return .free }
    return store.slots[index].heat.exchange(0, ordering: .relaxed) == 0 ? .cold : .hot
  }

  /// Moves the clock on.
  func tick() -> UInt64 {
    clock.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
  }
}
