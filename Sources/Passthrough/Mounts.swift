internal import Linux
internal import Synchronization

/// The mounts that nodes are on, and whether their files are known by handle.
///
/// That is decided once for a mount, when the first node on it is made, by making a handle and
/// opening it again, and stays so while the mount has nodes: two answers for one file would be two
/// nodes. Opening by handle needs a descriptor on the mount that is more than `O_PATH`. It is had
/// by opening that first file itself, which a guest that walks paths makes the mount's root: no
/// path is resolved again, so neither spaces in `mountinfo` nor what is mounted on top can lead to
/// another mount. Where it cannot be had (the mount is of a device node, or denies reading) the
/// mount's nodes are pinned instead. It is closed with the mount's last node, so that the host can
/// unmount.
final class Mounts: Sendable {
  /// The mount of the share's root, which always stays.
  static let root: UInt32 = 1
  private static let maximumCount = 65536

  /// Which kind of mount id `statx` and handles have in common; none on Linux 6.8 to 6.11, where
  /// only `statx` has unique ones, and before 5.8.
  let commonIDs: MountIDKind?
  private let mode: FileHandleMode
  private let descriptors: DescriptorBudget
  private let slots = Slab<MountSlot>(maximumCount: maximumCount)
  private let rootKey: Key
  /// Guards the mounts besides the root's.
  private let state = Mutex<[Key: Entry]>([:])

  /// A mount as the kernel names it.
  ///
  /// A reusable id needs the device beside it.
  fileprivate struct Key: Hashable {
    var id: UInt64
    var device: UInt64

    init(id: UInt64, device: UInt64) {
      self.id = id
      self.device = device
    }

    init(_ status: FileStatus) {
      id = status.mountID
      device = status.isMountIDUnique ? 0 : status.device.word
    }
  }

  private struct Entry {
    var index: UInt32
    /// Nodes on the mount, and calls that are about to make one.
    var users: Int
  }

  /// The mounts of a share with this root, which is open with `O_PATH`.
  ///
  /// - Throws: `EOPNOTSUPP` if `mode` is `.mandatory` and the root has no handle that works.
  init(
    root: Descriptor, links: borrowing DescriptorLinks, mode: FileHandleMode,
    descriptors: DescriptorBudget
  ) throws(Errno) {
    self.mode = mode
    self.descriptors = descriptors
    let status = try root.status()
    rootKey = Key(status)
    commonIDs = try Mounts.commonIDs(root, status)
    let numbers = try root.numbers()
    let index = try slots.take()
    let anchor = try Mounts.anchor(on: root, status, links, mode, descriptors)
    let hasHandles = anchor != nil
    slots[index].set(anchor, status.mountID, 0)
    slots[index].numbers.store(numbers.rawValue, ordering: .relaxed)
    if mode == .mandatory && !hasHandles { throw .notSupported }
  }

  deinit {
    for index in 1..<slots.end { slots[index].closeAnchor(descriptors) }
  }

  // MARK: Finding

  /// The number of the mount that `status` was taken through, if it has nodes.
  ///
  /// Not counted: the number may be another mount's soon. See `NodeTable.recognize`.
  func find(_ status: FileStatus) -> UInt32? {
    let key = Key(status)
    if key == rootKey { return Mounts.root }
    return state.withLock { $0[key]?.index }
  }

  /// The number of the mount of `file`, counted until `release`.
  ///
  /// - Throws: What opening `file` fails with for want of memory or descriptors.
  func acquire(
    _ file: Descriptor, _ status: FileStatus, links: borrowing DescriptorLinks
  ) throws(Errno) -> UInt32 {
    let key = Key(status)
    if key == rootKey { return Mounts.root }
    if let index = state.withLock({ Mounts.count(key, in: &$0) }) { return index }
    let fresh = try slots.take()
    do {
      let numbers = try file.numbers()
      let anchor = try Mounts.anchor(on: file, status, links, mode, descriptors)
      slots[fresh].set(anchor, key.id, key.device)
      slots[fresh].numbers.store(numbers.rawValue, ordering: .relaxed)
    } catch {
      slots.give(fresh)
      throw error
    }
    let index = state.withLock { mounts in
      if let index = Mounts.count(key, in: &mounts) { return index }
      mounts[key] = Entry(index: fresh, users: 1)
      return fresh
    }
    if index != fresh { free(fresh) }
    return index
  }

  /// Takes back one `acquire`.
  func release(_ index: UInt32) {
    guard index != Mounts.root else { return }
    let key = slots[index].key
    let isLast = state.withLock { mounts in
      guard let entry = mounts[key] else { return false }
      mounts[key] = entry.users > 1 ? Entry(index: index, users: entry.users - 1) : nil
      return entry.users <= 1
    }
    if isLast { free(index) }
  }

  /// Whether files on the mount are known by handle.
  func usesHandles(_ index: UInt32) -> Bool {
    slots[index].anchor.load(ordering: .relaxed) >= 0
  }

  /// What the inode number of a file on the mount proves that is held open.
  func numbers(_ index: UInt32) -> InodeNumberProof {
    InodeNumberProof(rawValue: slots[index].numbers.load(ordering: .relaxed)) ?? .none
  }

  /// Whether two files that are held open may have the inode number that `status` tells.
  func mayShareNumber(_ status: FileStatus, _ index: UInt32) -> Bool {
    switch numbers(index) {
    case .whole: false
    case .unlessLinked: status.linkCount > 1 && !status.isDirectory
    case .none: true
    }
  }

  /// A descriptor on the mount to open handles with; none if it does not use them.
  func anchor(of index: UInt32) -> Descriptor? {
    let number = slots[index].anchor.load(ordering: .relaxed)
    return number >= 0 ? Descriptor(rawValue: number) : nil
  }

  private func free(_ index: UInt32) {
    slots[index].closeAnchor(descriptors)
    slots.give(index)
  }

  private static func count(_ key: Key, in mounts: inout [Key: Entry]) -> UInt32? {
    guard let entry = mounts[key] else { return nil }
    mounts[key] = Entry(index: entry.index, users: entry.users + 1)
    return entry.index
  }
}

/// What is asked of the kernel.
extension Mounts {
  /// Tries which mount ids the kernel has.
  private static func commonIDs(
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

  /// A descriptor on the mount of `file`, if handles made there can be opened with it.
  ///
  /// Counted in the budget.
  private static func anchor(
    on file: Descriptor, _ status: FileStatus, _ links: borrowing DescriptorLinks,
    _ mode: FileHandleMode, _ descriptors: DescriptorBudget
  ) throws(Errno) -> OwnedDescriptor? {
    guard mode != .never, status.isDirectory || status.isRegular,
      try file.fileSystemStatus().keepsHandles
    else { return nil }
    try descriptors.take(isForNode: true)
    do {
      let anchor =
        status.isDirectory
        ? try file.open(PathName("."), [.readOnly, .directory])
        : try links.reopen(file, [.readOnly, .nonBlocking, .noControllingTerminal])
      let again = try anchor.borrowed.open(file.handle().handle, .path)
      let other = try again.borrowed.status()
      if other.inode == status.inode && other.device == status.device { return anchor }
    } catch {
      // A shortage says nothing about the mount; everything else says that handles do not work.
      let shortages: [Errno] = [.noMemory, .tableFull, .tooManyOpenFiles, .inputOutput]
      if shortages.contains(error) {
        descriptors.give()
        throw error
      }
    }
    descriptors.give()
    return nil
  }
}

/// A mount's place.
///
/// Its nodes read it without a lock: it stays as it is while they count.
private struct MountSlot: ~Copyable, SlabElement {
  private let id = Atomic<UInt64>(0)
  private let device = Atomic<UInt64>(0)
  /// The descriptor to open handles with, or -1.
  let anchor = Atomic<Int32>(-1)
  /// `InodeNumberProof`
  let numbers = Atomic<UInt8>(0)

  init() {}

  var key: Mounts.Key {
    Mounts.Key(id: id.load(ordering: .relaxed), device: device.load(ordering: .relaxed))
  }

  func set(_ anchor: consuming OwnedDescriptor?, _ id: UInt64, _ device: UInt64) {
    self.id.store(id, ordering: .relaxed)
    self.device.store(device, ordering: .relaxed)
    let number = anchor.take()?.release().rawValue ?? -1
    self.anchor.store(number, ordering: .releasing)
  }

  func closeAnchor(_ descriptors: DescriptorBudget) {
    let number = anchor.exchange(-1, ordering: .acquiringAndReleasing)
    guard number >= 0 else { return }
    _ = OwnedDescriptor(taking: number)
    descriptors.give()
  }
}
