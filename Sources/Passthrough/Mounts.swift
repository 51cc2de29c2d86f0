internal import Linux
internal import Synchronization

/// The mounts that nodes are on, and whether their files are known by handle.
///
/// That is decided once for a mount, when the first node on it is made, by making a handle and
/// opening it again, and stays so while the mount has nodes: two answers for one file would be two
/// nodes. Opening by handle needs a descriptor on the mount that is more than `O_PATH`, its
/// *anchor*. The first is had by opening that first file itself, which a guest that walks paths
/// makes the mount's root; where it cannot be had (the mount is of a device node, or denies
/// reading) the mount's nodes are pinned instead.
///
/// An anchor keeps the host from unmounting, as pins do. So a mount that is not used any more is
/// *released* (`Mounts+Idle`), and its anchor opened again when it is needed (`Mounts+Anchors`).
final class Mounts: Sendable {
  /// The mount of the share's root, which always stays.
  static let root: UInt32 = 1
  private static let maximumCount = 65536

  /// Which kind of mount id `statx` and handles have in common; none on Linux 6.8 to 6.11, where
  /// only `statx` has unique ones, and before 5.8.
  let commonIDs: MountIDKind?
  /// Wakes whoever releases mounts.
  let keeper = MountKeeper()
  /// The share's root: the root node's pin, which outlives the mounts.
  let directory: Descriptor
  let mode: FileHandleMode
  let descriptors: DescriptorBudget
  let slots: Slab<MountSlot>
  /// Whether handles of overlays open their files; see `OverlayHandles.swift`.
  private let opensOverlaid: Bool
  /// Whether there has been a mount that is remote.
  let hasRemote = Atomic(false)
  let state = Lock(MountState())
  /// Whether the mounts of one file system are one mount to us, if they forbid the same.
  private let isUnified: Bool
  private let rootKey: MountKey

  /// The mounts of a share with this root, which is open with `O_PATH` and stays so.
  ///
  /// - Throws: `EOPNOTSUPP` if `mode` is `.mandatory` and the root has no handle that works.
  convenience init(
    root: Descriptor, links: borrowing DescriptorLinks, mode: FileHandleMode, isUnified: Bool,
    descriptors: DescriptorBudget
  ) throws(Errno) {
    let status = try root.status()
    let commonIDs = try Mounts.commonIDs(root, status)
    self.init(root, status, mode, isUnified, descriptors, commonIDs)
    let kind = try root.fileSystemStatus()
    let index = try slots.take()
    let hasHandles = try describe(index, root, status, kind, links)
    let fileSystem = isUnified ? FileSystemKey(status, kind) : nil
    state.withLock { $0.add(index, MountRecord(rootKey, fileSystem, releasableID: nil)) }
    guard mode == .mandatory else { return }
    guard hasHandles, opensOverlaid || !kind.isOverlay else { throw .notSupported }
  }

  /// Nothing fails here: the compiler (6.3.1) cannot undo half of such an object.
  private init(
    _ root: Descriptor, _ status: FileStatus, _ mode: FileHandleMode, _ isUnified: Bool,
    _ descriptors: DescriptorBudget, _ commonIDs: MountIDKind?
  ) {
    directory = root
    opensOverlaid = Capabilities.areEffective(.administration)
    self.mode = mode
    self.isUnified = isUnified
    self.descriptors = descriptors
    self.commonIDs = commonIDs
    slots = Slab(maximumCount: Mounts.maximumCount)
    rootKey = MountKey(status, isUnified: isUnified)
  }

  deinit {
    slots.forEachPlace { slots[$0].closeAnchor(descriptors) }
  }

  // MARK: Finding

  /// The number of the mount that `status` was taken through, if it has nodes.
  ///
  /// Not counted: the number may be another mount's soon. See `NodeTable.recognize`.
  func find(_ status: FileStatus) -> UInt32? {
    let key = MountKey(status, isUnified: isUnified)
    if key == rootKey { return Mounts.root }
    guard let index = state.withLock({ $0.numbers[key] }) else { return nil }
    meet(index)
    return index
  }

  /// The number of the mount of `file`, counted until `release`.
  ///
  /// - Throws: What opening `file` fails with for want of memory or descriptors.
  func acquire(
    _ file: Descriptor, _ status: FileStatus, links: borrowing DescriptorLinks
  ) throws(Errno) -> UInt32 {
    let key = MountKey(status, isUnified: isUnified)
    if key == rootKey { return Mounts.root }
    if let index = state.withLock({ $0.count(key, nil) }) {
      meet(index)
      return index
    }
    let kind = try file.fileSystemStatus()
    let fileSystem = isUnified ? FileSystemKey(status, kind) : nil
    if let fileSystem, let index = try join(fileSystem, key) { return index }
    let fresh = try slots.take()
    let record: MountRecord
    do {
      let hasHandles = try describe(fresh, file, status, kind, links)
      let isReleasable = hasHandles && status.isMountIDUnique && !isUnified
      record = MountRecord(
        key, fileSystem, releasableID: isReleasable ? try? file.listedMountID() : nil)
    } catch {
      _ = slots.give(fresh)
      throw error
    }
    let index = state.withLock { state in
      if let index = state.count(key, fileSystem) { return index }
      state.add(fresh, record)
      return fresh
    }
    if index != fresh { free(fresh) } else { hold(fresh) }
    return index
  }

  /// The number of another mount of the same file system, counted.
  ///
  /// That mount has nodes, and so an anchor or pins: its file system lives, and no other has the
  /// device's number.
  private func join(_ fileSystem: FileSystemKey, _ key: MountKey) throws(Errno) -> UInt32? {
    let (index, isFull) = state.withLock { state in
      // Each remembers its mounts, those that are gone too.
      guard state.numbers.count < Self.maximumCount else { return (nil as UInt32?, true) }
      return (state.count(key, fileSystem), false)
    }
    if isFull { throw .tableFull }
    return index
  }

  /// Takes back one `acquire`.
  func release(_ index: UInt32) {
    guard index != Mounts.root else { return }
    if state.withLock({ $0.release(index) }) { free(index) }
  }

  private func free(_ index: UInt32) {
    slots[index].closeAnchor(descriptors)
    _ = slots.give(index)
  }

  // MARK: What a mount is like

  /// Finds out, for its place, what the mount of `file` is like.
  ///
  /// - Returns: Whether its files are known by handle.
  private func describe(
    _ index: UInt32, _ file: Descriptor, _ status: FileStatus, _ kind: FileSystemStatus,
    _ links: borrowing DescriptorLinks
  ) throws(Errno) -> Bool {
    let anchor = try Mounts.anchor(on: file, status, kind, links, mode, descriptors)
    let hasHandles = anchor != nil
    slots[index].set(anchor, file.numbers(on: kind))
    slots[index].pace.begin(kind)
    if slots[index].pace.isRemote { hasRemote.store(true, ordering: .relaxed) }
    return hasHandles
  }

  /// Whether calls on the files of a mount, of which `status` is the root, may wait.
  func mayWait(_ status: FileStatus) -> Bool {
    guard let index = find(status) else { return true }
    return isRemote(index)
  }

  /// Whether calls on the mount's files may wait for a network or a process.
  @inline(__always)
  func isRemote(_ index: UInt32) -> Bool {
    hasRemote.load(ordering: .relaxed) && slots[index].pace.isRemote
  }

  /// The handle of `file`, which `status` is of and which is on a mount whose files are known by
  /// handle; it may be one that does not open the file (`opensFile`).
  ///
  /// - Throws: As `Descriptor.handle(mountIDs:)`.
  func handle(of file: Descriptor, _ status: FileStatus) throws(Errno) -> FileHandle {
    let handle = try file.handle().handle
    return opensOverlaid ? handle : handle.withoutRights(isDirectory: status.isDirectory)
  }

  /// Whether files on the mount are known by handle.
  func usesHandles(_ index: UInt32) -> Bool {
    slots[index].hasHandles.load(ordering: .relaxed)
  }

  /// What the inode number of a file on the mount proves that is held open.
  func numbers(_ index: UInt32) -> InodeNumberProof {
    InodeNumberProof(rawValue: slots[index].numbers.load(ordering: .relaxed)) ?? .none
  }

  /// Whether two files that are held open may have the inode number that `status` tells.
  func mayShareNumber(_ status: FileStatus, _ index: UInt32) -> Bool {
    switch numbers(index) {
    case .whole, .native: false
    case .unlessLinked: status.linkCount > 1 && !status.isDirectory
    case .none: true
    }
  }
}
