internal import FuseProtocol
internal import Linux
internal import Synchronization

// Mounts that the guest knows, and does not use: nothing of theirs is held that can be had again,
// so that the host can unmount them. What cannot (files without a handle, or without a name left)
// keeps its mount busy, as an open file does.

extension NodeTable {
  /// From now on a thread releases what is idle.
  func beginReleasingMounts() {
    mounts.keeper.begin { [self] in releaseIdleMounts() }
  }

  /// Until now.
  func endReleasingMounts() {
    mounts.keeper.end()
  }

  /// Releases the mounts that were not used since the last call but one.
  ///
  /// - Returns: In how many milliseconds to look again; nil if nothing is held.
  package func releaseIdleMounts() -> Int? {
    var (idle, delay) = mounts.takeIdle()
    for mount in idle {
      if let later = releaseIdle(mount) { delay = min(delay ?? later, later) }
      mounts.release(mount)
    }
    return delay
  }

  /// - Returns: In how many milliseconds to try again; nil if the mount is released.
  private func releaseIdle(_ mount: UInt32) -> Int? {
    // What is hidden now could not be had again; nobody can unmount it either. What is gone is
    // held by us only: it was unmounted lazily.
    guard mounts.canBeReleased(mount, links) else { return mounts.postpone(mount) }
    guard mounts.markReleased(mount) else { return MountKeeper.interval }
    // From here on pins are borrowed; not before, for a server that does not answer would keep all
    // that is retired meanwhile from being freed.
    let view = limbo.register()
    defer { limbo.unregister(view) }
    var demoted: Set<NodeID> = []
    var isShort = false
    for node in pins.nodes {
      guard let index = store.place(of: node),
        store.mount(at: index) == mount
      else { continue }
      do throws(Errno) {
        if try unpin(node) { demoted.insert(node) }
      } catch {
        isShort = true
      }
    }
    pins.remove(demoted) { node in
      store.place(of: node).map { !store.slots[$0].isPinned } ?? true
    }
    if isShort {
      mounts.markHeld(mount)
      return mounts.postpone(mount)
    }
    if let anchor = mounts.takeAnchor(of: mount) { limbo.retire(anchor) }
    return nil
  }
}
