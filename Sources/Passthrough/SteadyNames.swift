internal import FuseProtocol
internal import Linux

/// That the names in a directory did not change from some moment on, if its change time is still
/// the same now.
///
/// Every name made, removed or renamed in a directory moves its change time (`ctime`), which nobody
/// can set. So between two looks that found the same one each name led to one file, and that file
/// lived all the time, for it had a name. On this rest two conclusions that need no open file:
/// * What two calls by one name say is about one file.
/// * A node that was known to live in that time and has the file's number is the file's.
///
/// A clock that stands still for a change would break it: the change times of two changes may be
/// equal if both fall between two ticks of the kernel's clock, or into one second on a file system
/// that keeps no more. So the first look counts only if the change time was long past by then. A
/// change that is under way would, too: the time moves before the name does, and between them may
/// lie any time. So after the first look all that was under way is waited for
/// (`Descriptor.waitForNameChanges`). All this holds only where `InodeNumberProof.native` says so,
/// and not for what is mounted on a name.
package struct Steadiness: Sendable {
  /// The directory's change time.
  let change: Timestamp
  /// `NodeTable.clock` after the first look: what was known to live since then lived after it.
  let since: UInt64
  /// `FileStatus.device` and `FileStatus.mountID` of the directory, and so of its files.
  let device: DeviceNumber
  let mountID: UInt64
  /// The mount's number in `Mounts`.
  let mount: UInt32
}

/// What one thread remembers of directories, and of the names that it is just looking up in one.
package struct SteadyNames: ~Copyable {
  /// How long before the first look a directory's last change must be, in nanoseconds.
  let quietTime: Int64
  /// Found by the place of the directory's node; made when the first is remembered.
  private var directories: [Entry] = []
  /// The nodes that were counted since the last `NodeTable.confirm`.
  var counted: [NodeID] = []
  /// Those of them that names led to by number and handle, and that were known before: they live.
  var reachedByHandle: [NodeID] = []
  /// Whether what was found counts only if the directory has not changed.
  var restsOnNames = false
  /// Whether names were told that were read earlier: those count only if the directory has not
  /// changed.
  var restsOnListing = false
  /// Whether it is known already that the directory has changed, so that no more can be found.
  var haveChanged = false
  #if DEBUG
    /// How often what names said was confirmed.
    package private(set) var confirmationCount = 0
    /// How often the directory had changed.
    package private(set) var refusalCount = 0
    /// How often names were told that were read earlier, and that was confirmed.
    package private(set) var listingCount = 0
  #endif

  private struct Entry {
    /// 0 for none.
    var directory = NodeID(rawValue: 0)
    /// Nothing if the directory was only asked for once.
    var steadiness: Steadiness?
    /// When that is forgotten, in nanoseconds of the monotonic clock.
    var end = 0
  }

  private static let entryCount = 256

  /// How long a change time is trusted to be the only one, in nanoseconds.
  ///
  /// Somebody who sets the clock back can have a directory change at the same time again.
  private static let lifetime = 10_000_000_000

  /// Longer than any file system's clock stands still, in nanoseconds.
  package static let longestTick: Int64 = 2_000_000_000

  /// A memory of nothing.
  package init(quietTime: Int64) {
    self.quietTime = quietTime
  }

  /// What is remembered of `directory`.
  func steadiness(of directory: NodeID) -> Steadiness? {
    guard !directories.isEmpty else { return nil }
    let entry = directories[place(of: directory)]
    guard entry.directory == directory, let steadiness = entry.steadiness,
      SystemClock.nanoseconds < entry.end
    else { return nil }
    return steadiness
  }

  /// Remembers `directory` as steady, or only that it was asked for.
  mutating func remember(_ directory: NodeID, _ steadiness: Steadiness?) {
    if directories.isEmpty {
      directories = Array(repeating: Entry(), count: Self.entryCount)
    }
    directories[place(of: directory)] = Entry(
      directory: directory, steadiness: steadiness,
      end: steadiness == nil ? 0 : SystemClock.nanoseconds + Self.lifetime)
  }

  /// Whether `directory` was asked for before, so that it is worth a look.
  func hasMet(_ directory: NodeID) -> Bool {
    !directories.isEmpty && directories[place(of: directory)].directory == directory
  }

  /// Ends what was looked up since the last time.
  mutating func finish(holds: Bool) {
    #if DEBUG
      if !holds || haveChanged {
        refusalCount += 1
      } else if !counted.isEmpty {
        confirmationCount += 1
      }
      if holds, restsOnListing { listingCount += 1 }
    #endif
    counted.removeAll(keepingCapacity: true)
    reachedByHandle.removeAll(keepingCapacity: true)
    restsOnNames = false
    restsOnListing = false
    haveChanged = false
  }

  private func place(of directory: NodeID) -> Int {
    Int(truncatingIfNeeded: directory.rawValue) & (Self.entryCount - 1)
  }
}

extension Timestamp {
  /// Whether this is the last time that a file system with seconds of 32 bits has: for what happens
  /// later it stands still.
  var isClocksEnd: Bool { seconds == Int64(Int32.max) }

  /// Whether this is more than `nanoseconds` before `other`.
  func isBefore(_ other: Timestamp, by nanoseconds: Int64) -> Bool {
    let (difference, overflows) = other.seconds.subtractingReportingOverflow(seconds)
    // A day is more than anybody asks for.
    guard !overflows, difference > -86_400 else { return false }
    guard difference < 86_400 else { return true }
    let rest = Int64(other.nanoseconds) - Int64(self.nanoseconds)
    return difference * 1_000_000_000 + rest > nanoseconds
  }
}
