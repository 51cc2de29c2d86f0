internal import Linux
internal import Synchronization

/// What a mount is known by.
struct MountKey: Hashable {
  private var id: UInt64
  private var device: UInt64

  /// The mount that `status` was taken through.
  ///
  /// A reusable id needs the device beside it, and so does a unique one where mounts are unified:
  /// btrfs has a device for each of its subvolumes.
  init(_ status: FileStatus, isUnified: Bool) {
    id = status.mountID
    device = status.isMountIDUnique && !isUnified ? 0 : status.device.word
  }

  /// The mount's id.
  var mountID: UInt64 { id }
}

/// What a file system is known by as long as it lives, with what its mount forbids: a mount that
/// lets the guest write must not open files that the guest may only read through another.
struct FileSystemKey: Hashable {
  private var device: UInt64
  private var restrictions: UInt8

  /// The file system of a file with this status, and what its mount tells.
  init(_ status: FileStatus, _ kind: FileSystemStatus) {
    device = status.device.word
    restrictions = kind.restrictions
  }
}

/// What `Mounts` keeps of one of its numbers.
struct MountRecord {
  /// Nodes on the mount, and calls that are about to make one.
  var users = 1
  /// All mounts that have the number; one, unless mounts are unified.
  var keys: [MountKey]
  let fileSystem: FileSystemKey?
  /// By which number `mountinfo` lists the mount, if it may be released: it has handles and an id
  /// that never comes again.
  let releasableID: UInt64?
  /// How long it is left alone after it could not be released, in milliseconds.
  var patience = MountKeeper.interval
  /// When it is tried again, by `SystemClock.now`.
  var nextTry = Duration.zero

  init(_ key: MountKey, _ fileSystem: FileSystemKey?, releasableID: UInt64?) {
    keys = [key]
    self.fileSystem = fileSystem
    self.releasableID = releasableID
  }
}

/// The mounts by what they are known by.
struct MountState {
  private(set) var numbers: [MountKey: UInt32] = [:]
  var records: [UInt32: MountRecord] = [:]
  private var fileSystems: [FileSystemKey: UInt32] = [:]

  /// Counts a user of the mount `key`, which may be another one of `fileSystem`.
  mutating func count(_ key: MountKey, _ fileSystem: FileSystemKey?) -> UInt32? {
    if let index = numbers[key] {
      records[index]?.users += 1
      return index
    }
    guard let fileSystem, let index = fileSystems[fileSystem] else { return nil }
    numbers[key] = index
    records[index]?.keys.append(key)
    records[index]?.users += 1
    return index
  }

  mutating func add(_ index: UInt32, _ record: MountRecord) {
    records[index] = record
    for key in record.keys { numbers[key] = index }
    if let fileSystem = record.fileSystem { fileSystems[fileSystem] = index }
  }

  /// Takes back a `count`.
  ///
  /// - Returns: Whether that was the last, so that the number is free.
  mutating func release(_ index: UInt32) -> Bool {
    guard let record = records[index] else { return false }
    guard record.users == 1 else {
      records[index]?.users -= 1
      return false
    }
    for key in record.keys { numbers[key] = nil }
    if let fileSystem = record.fileSystem { fileSystems[fileSystem] = nil }
    records[index] = nil
    return true
  }
}

/// How long ago a mount was used.
enum MountUse {
  /// Nothing is held any more.
  static let released: UInt8 = 0
  /// Not since the keeper looked last.
  static let quiet: UInt8 = 1
  /// Since then; or it is one that is never released.
  static let recent: UInt8 = 2
}

/// A mount's place.
///
/// Its nodes read it without a lock: it stays as it is while they count, but for the anchor, which
/// is retired and opened again.
struct MountSlot: ~Copyable, SlabElement {
  /// The descriptor to open handles with, or -1.
  let anchor = Atomic<Int32>(-1)
  let hasHandles = Atomic(false)
  /// The mount is not listed any more: no need to look again.
  let isGone = Atomic(false)
  /// `MountUse`; changes under the lock of `Mounts.state`.
  let use = Atomic<UInt8>(MountUse.recent)
  /// `InodeNumberProof`
  let numbers = Atomic<UInt8>(0)
  /// How calls on its files are best made.
  let pace = MountPace()
  private let next = Atomic<UInt32>(0)

  init(generation: UInt32) {}

  var generation: UInt32 { 0 }

  var following: UInt32 {
    get { next.load(ordering: .relaxed) }
    nonmutating set { next.store(newValue, ordering: .relaxed) }
  }

  func set(_ anchor: consuming OwnedDescriptor?, _ numbers: InodeNumberProof) {
    self.numbers.store(numbers.rawValue, ordering: .relaxed)
    isGone.store(false, ordering: .relaxed)
    use.store(MountUse.released, ordering: .relaxed)
    let number = anchor.take()?.release().rawValue ?? -1
    hasHandles.store(number >= 0, ordering: .relaxed)
    self.anchor.store(number, ordering: .releasing)
  }

  /// Closes the anchor of a mount that nobody uses.
  func closeAnchor(_ descriptors: DescriptorBudget) {
    let number = anchor.exchange(-1, ordering: .acquiringAndReleasing)
    guard number >= 0 else { return }
    _ = OwnedDescriptor(taking: number)
    descriptors.give()
  }
}
