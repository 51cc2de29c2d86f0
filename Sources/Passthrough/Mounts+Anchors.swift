internal import Linux
internal import Synchronization

// The descriptors that handles are opened with.

extension Mounts {
  /// A descriptor on the mount to open handles with, good until the thread's next quiescent point;
  /// none if it does not use them.
  ///
  /// - Throws: `ESTALE` if it was closed because nobody used the mount, and the mount is gone or
  ///   hidden by now.
  func anchor(
    of index: UInt32, links: borrowing DescriptorLinks
  ) throws(Errno) -> Descriptor? {
    let number = slots[index].anchor.load(ordering: .acquiring)
    if number >= 0 { return Descriptor(rawValue: number) }
    guard usesHandles(index) else { return nil }
    return try openAgain(index, links)
  }

  private func openAgain(
    _ index: UInt32, _ links: borrowing DescriptorLinks
  ) throws(Errno) -> Descriptor {
    guard !slots[index].isGone.load(ordering: .relaxed) else { throw .stale }
    try descriptors.take(isForNode: true)
    do throws(Errno) {
      switch try reach(index, links) {
      case .open(let anchor):
        let number = anchor.borrowed.rawValue
        let (isFirst, other) = slots[index].anchor.compareExchange(
          expected: -1, desired: number, ordering: .acquiringAndReleasing)
        guard isFirst else {
          descriptors.give()
          return Descriptor(rawValue: other)
        }
        // It may have been opened by what is no use of the mount: it is to be closed again.
        hold(index)
        return anchor.release()
      case .gone:
        slots[index].isGone.store(true, ordering: .relaxed)
        throw .stale
      case .hidden: throw .stale
      }
    } catch {
      descriptors.give()
      throw error
    }
  }

  /// What becomes of a mount that is to be opened by path.
  enum Reach: ~Copyable {
    case open(OwnedDescriptor)
    /// Unmounted, or moved out of the root directory.
    case gone
    /// Something else is mounted over it or over a directory above.
    case hidden
  }

  /// Whether the mount's anchor could be opened again, or the mount is gone.
  func canBeReleased(_ index: UInt32, _ links: borrowing DescriptorLinks) -> Bool {
    do {
      switch try reach(index, links) {
      case .open: return true
      case .gone: return true
      case .hidden: return false
      }
    } catch {
      return false
    }
  }

  /// Opens the root of a mount that may be released, where `mountinfo` says that it is.
  ///
  /// The path is walked below the share's root, and what it leads to is that mount or nothing: its
  /// unique id says so.
  ///
  /// - Throws: What has nothing to do with the mount: a shortage.
  func reach(_ index: UInt32, _ links: borrowing DescriptorLinks) throws(Errno) -> Reach {
    let wanted = state.withLock { state in
      state.records[index].map { ($0.keys.first?.mountID, $0.releasableID) }
    }
    guard let wanted, let id = wanted.0, let listed = wanted.1 else { return .gone }
    guard let entry = try links.mountTable().entry(listed) else { return .gone }
    let base = try links.withPath(of: directory) { path in path.indices.map { path[$0] } }
    guard let path = entry.path(below: base) else { return .hidden }
    do {
      let root = try directory.openMountPoint(path)
      let status = try root.borrowed.status()
      guard status.isMountIDUnique, status.mountID == id else {
        // The number may be another's by now; then ours is gone.
        return try root.borrowed.listedMountID() == listed ? .gone : .hidden
      }
      return .open(try Mounts.readable(root.borrowed, status, links))
    } catch {
      if error.isShortage { throw error }
      return .hidden
    }
  }

  /// A descriptor on the mount of `file`, if handles made there can be opened with it.
  ///
  /// Counted in the budget.
  static func anchor(
    on file: Descriptor, _ status: FileStatus, _ kind: FileSystemStatus,
    _ links: borrowing DescriptorLinks, _ mode: FileHandleMode, _ descriptors: DescriptorBudget
  ) throws(Errno) -> OwnedDescriptor? {
    guard mode != .never, status.isDirectory || status.isRegular, kind.keepsHandles
    else { return nil }
    try descriptors.take(isForNode: true)
    do {
      let anchor = try readable(file, status, links)
      let again = try anchor.borrowed.open(file.handle().handle, .path)
      let other = try again.borrowed.status()
      if other.inode == status.inode && other.device == status.device { return anchor }
    } catch {
      // A shortage says nothing about the mount; everything else says that handles do not work.
      if error.isShortage {
        descriptors.give()
        throw error
      }
    }
    descriptors.give()
    return nil
  }

  /// The file, a directory or a regular one, opened for reading.
  private static func readable(
    _ file: Descriptor, _ status: FileStatus, _ links: borrowing DescriptorLinks
  ) throws(Errno) -> OwnedDescriptor {
    if status.isDirectory { return try file.open(PathName("."), [.readOnly, .directory]) }
    guard status.isRegular else { throw .notSupported }
    return try links.reopen(file, [.readOnly, .nonBlocking, .noControllingTerminal])
  }

  /// Tries which mount ids the kernel has.
  static func commonIDs(
    _ root: Descriptor, _ status: FileStatus
  ) throws(Errno) -> MountIDKind? {
    guard status.isMountIDUnique else { return status.mountID == 0 ? nil : .reusable }
    do {
      _ = try root.handle(mountIDs: .unique)
      return .unique
    } catch {
      // Any other error comes after the flag was accepted.
      return error == .invalidArgument ? nil : .unique
    }
  }
}

extension Descriptor {
  /// Opens what is at `path` below this directory; no link is followed.
  fileprivate func openMountPoint(_ path: ArraySlice<UInt8>) throws(Errno) -> OwnedDescriptor {
    let name = Array(path) + [0]
    return try open(
      PathName(name.rawBytes), [.path, .noFollow],
      resolving: [.beneath, .noMagicLinks, .noLinks])
  }
}

extension Errno {
  /// Whether it says nothing about the file, only that something was short.
  var isShortage: Bool {
    switch self {
    case .noMemory, .tableFull, .tooManyOpenFiles, .inputOutput: true
    case _: false
    }
  }
}
