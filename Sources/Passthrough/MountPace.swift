internal import FuseServer
internal import Linux
internal import Synchronization

/// How calls on a mount's files are best made: what its type says, and what calls have shown.
///
/// docs/blocking.md is the table that this follows.
struct MountPace: ~Copyable {
  /// `AtOnce`, for READs and for WRITEs into the page cache.
  private let reads = Atomic(AtOnce.no.rawValue)
  private let writes = Atomic(AtOnce.no.rawValue)
  /// Until when WRITEs are not made at once, in milliseconds of `SystemClock.now`; 0 if they are.
  private let slowUntil = Atomic(0)
  private let remote = Atomic(false)
  /// Whether refused WRITEs are tried without `RWF_NOWAIT`.
  private let writesInMemory = Atomic(false)

  /// How long a device that made a WRITE wait is left alone.
  private static let rest = Duration.seconds(1)

  /// Begins with what the type tells.
  func begin(_ status: FileSystemStatus) {
    let isRemote = status.isRemote
    let first: AtOnce = isRemote ? .no : status.isInMemory ? .yes : .unlessItWaits
    remote.store(isRemote, ordering: .relaxed)
    writesInMemory.store(status.writesIntoMemory, ordering: .relaxed)
    slowUntil.store(0, ordering: .relaxed)
    reads.store(first.rawValue, ordering: .relaxed)
    writes.store(first.rawValue, ordering: .relaxed)
  }

  /// Whether the file system is served over a network or by a process.
  var isRemote: Bool { remote.load(ordering: .relaxed) }

  /// Whether a READ may be made at once.
  @inline(__always)
  var readsAtOnce: AtOnce {
    AtOnce(rawValue: reads.load(ordering: .relaxed)) ?? .no
  }

  /// Whether a WRITE into the page cache may be made at once, now.
  @inline(__always)
  var writesAtOnce: AtOnce {
    let end = slowUntil.load(ordering: .relaxed)
    if end != 0 && isResting(until: end) { return .no }
    return AtOnce(rawValue: writes.load(ordering: .relaxed)) ?? .no
  }

  private func isResting(until end: Int) -> Bool {
    guard SystemClock.now >= .milliseconds(end) else { return true }
    slowUntil.store(0, ordering: .relaxed)
    return false
  }

  /// `RWF_NOWAIT` was refused for a call of this kind.
  ///
  /// - Returns: How such calls are made from now on.
  func refusesNoWait(_ transfer: Transfer) -> AtOnce {
    switch transfer {
    case .read:
      reads.store(AtOnce.no.rawValue, ordering: .relaxed)
      return .no
    case .write:
      let next: AtOnce = writesInMemory.load(ordering: .relaxed) ? .yes : .no
      writes.store(next.rawValue, ordering: .relaxed)
      return next
    }
  }

  /// A WRITE that was made at once has waited: others are not made so for a while.
  func wasSlow() {
    slowUntil.store(
      Int((SystemClock.now + Self.rest) / .milliseconds(1)), ordering: .relaxed)
  }
}

extension FileSystemStatus {
  /// Whether the files are in memory: tmpfs, ramfs.
  fileprivate var isInMemory: Bool { type == 0x0102_1994 || type == 0x8584_58f6 }

  /// Whether a WRITE goes into the page cache of this machine, whatever the file system says of
  /// `RWF_NOWAIT`, and so waits only when much else has been written.
  fileprivate var writesIntoMemory: Bool {
    switch type {
    case 0xef53,  // ext2, ext3, ext4
      0x5846_5342, 0x9123_683e,  // XFS, btrfs
      0xf2f5_2010, 0xca45_1a4e,  // F2FS, bcachefs
      0x794c_7630:  // overlayfs, which needs attributes that hardly any remote one has
      true
    case _:
      false
    }
  }
}
