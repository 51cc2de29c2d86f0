internal import Linux
internal import Synchronization

// Which mounts are used. One that is not is released, so that the host can unmount it: its anchor
// is closed, and its nodes that have handles give up their pins.
//
// Who uses a mount says so before (`touch`), which costs two loads; that there is news only once an
// interval. The keeper calls `takeIdle` at each of its looks: a mount that was quiet for two of
// them is idle. What is pinned by a thread that has been under way all the time, and finds the
// mount released, is found at a later look: whoever pins holds the mount afterwards.

extension Mounts {
  /// Notes that a node of the mount is used.
  @inline(__always)
  func touch(_ index: UInt32) {
    guard index != Mounts.root else { return }
    note(index)
  }

  /// `touch`, of a mount that is not the root's.
  func note(_ index: UInt32) {
    guard slots[index].use.load(ordering: .relaxed) != MountUse.recent else { return }
    hold(index)
  }

  /// Notes that a file on the mount was reached by name.
  ///
  /// So it is not gone, even if it was out of reach for a while.
  func meet(_ index: UInt32) {
    note(index)
    guard slots[index].isGone.load(ordering: .relaxed) else { return }
    slots[index].isGone.store(false, ordering: .relaxed)
  }

  /// Notes that something is held on the mount now.
  func hold(_ index: UInt32) {
    guard index != Mounts.root else { return }
    let wasReleased = state.withLock { state in
      guard let record = state.records[index] else { return false }
      let before = slots[index].use.exchange(MountUse.recent, ordering: .relaxed)
      return before == MountUse.released && record.releasableID != nil
    }
    if wasReleased { keeper.wake() }
  }

  /// The mounts that were not used for a while, each counted until `release`, and in how many
  /// milliseconds there is to be looked again; nil if nothing is held.
  func takeIdle() -> (idle: [UInt32], delay: Int?) {
    let now = SystemClock.now
    return state.withLock { state in
      var idle: [UInt32] = []
      var delay: Int?
      func lookAgain(in milliseconds: Int) { delay = min(delay ?? milliseconds, milliseconds) }
      for index in Array(state.records.keys) {
        guard let record = state.records[index], record.releasableID != nil else { continue }
        switch slots[index].use.load(ordering: .relaxed) {
        case MountUse.released: continue
        case MountUse.recent:
          slots[index].use.store(MountUse.quiet, ordering: .relaxed)
          state.records[index]?.patience = MountKeeper.interval
          state.records[index]?.nextTry = now
          lookAgain(in: MountKeeper.interval)
        case _ where now < record.nextTry:
          lookAgain(in: max(1, (record.nextTry - now).milliseconds))
        case _:
          state.records[index]?.users += 1
          idle.append(index)
        }
      }
      return (idle, delay)
    }
  }

  /// Marks an idle mount as released.
  ///
  /// - Returns: Whether it still is idle.
  func markReleased(_ index: UInt32) -> Bool {
    state.withLock { _ in
      guard slots[index].use.load(ordering: .relaxed) == MountUse.quiet else { return false }
      slots[index].use.store(MountUse.released, ordering: .relaxed)
      return true
    }
  }

  /// Takes back `markReleased`: what the mount holds could not be given up.
  func markHeld(_ index: UInt32) {
    state.withLock { _ in
      guard slots[index].use.load(ordering: .relaxed) == MountUse.released else { return }
      slots[index].use.store(MountUse.quiet, ordering: .relaxed)
    }
  }

  /// Leaves a mount alone for a while, longer each time, since it could not be released.
  ///
  /// - Returns: How long, in milliseconds.
  func postpone(_ index: UInt32) -> Int {
    let now = SystemClock.now
    return state.withLock { state in
      guard var record = state.records[index] else { return MountKeeper.interval }
      record.patience = min(record.patience * 2, Self.mostPatience)
      record.nextTry = now + .milliseconds(record.patience)
      state.records[index] = record
      return record.patience
    }
  }

  /// Ten minutes.
  private static var mostPatience: Int { 600_000 }

  /// Takes the anchor of a released mount, which threads may still be using.
  func takeAnchor(of index: UInt32) -> OwnedDescriptor? {
    let number = slots[index].anchor.exchange(-1, ordering: .acquiringAndReleasing)
    return number >= 0 ? OwnedDescriptor(taking: number) : nil
  }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
