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
/// that keeps no more. So the first look counts only if the change time was long past by then. It
/// holds only where `InodeNumberProof.native` says so, and not for what is mounted on a name.
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
  /// Those of them that were not known to live when they were found.
  var unproven: [NodeID] = []
  /// Whether what was found counts only if the directory has not changed.
  var restsOnNames = false

  private struct Entry {
    /// 0 for none.
    var directory = NodeID(rawValue: 0)
    /// Nothing if the directory was only asked for once.
    var steadiness: Steadiness?
  }

  private static let entryCount = 256

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
    return entry.directory == directory ? entry.steadiness : nil
  }

  /// Remembers `directory` as steady, or only that it was asked for.
  mutating func remember(_ directory: NodeID, _ steadiness: Steadiness?) {
    if directories.isEmpty {
      directories = Array(repeating: Entry(), count: Self.entryCount)
    }
    directories[place(of: directory)] = Entry(directory: directory, steadiness: steadiness)
  }

  /// Whether `directory` was asked for before, so that it is worth a look.
  func hasMet(_ directory: NodeID) -> Bool {
    !directories.isEmpty && directories[place(of: directory)].directory == directory
  }

  private func place(of directory: NodeID) -> Int {
    Int(truncatingIfNeeded: directory.rawValue) & (Self.entryCount - 1)
  }
}

extension Timestamp {
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
