internal import CLinux

/// How a file is opened; the `flags` of `open(2)`.
///
/// The numbers are those of this machine's architecture, which FUSE assumes to be the guest's too.
package struct OpenFlags: OptionSet, Hashable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }
}

extension OpenFlags {
  /// `O_RDONLY`, which is zero: an access mode is a number, not a set of bits.
  package static let readOnly = OpenFlags(rawValue: O_RDONLY)
  /// `O_WRONLY`.
  package static let writeOnly = OpenFlags(rawValue: O_WRONLY)
  /// `O_RDWR`.
  package static let readWrite = OpenFlags(rawValue: O_RDWR)
  /// `O_APPEND`.
  package static let append = OpenFlags(rawValue: O_APPEND)
  /// `O_CLOEXEC`.
  package static let closeOnExec = OpenFlags(rawValue: O_CLOEXEC)
  /// `O_CREAT`.
  package static let create = OpenFlags(rawValue: O_CREAT)
  /// `O_DIRECT`.
  package static let direct = OpenFlags(rawValue: swift_o_direct)
  /// `O_DIRECTORY`.
  package static let directory = OpenFlags(rawValue: O_DIRECTORY)
  /// `O_DSYNC`: one bit of `O_SYNC`.
  package static let dataSync = OpenFlags(rawValue: O_DSYNC)
  /// `O_EXCL`.
  package static let exclusive = OpenFlags(rawValue: O_EXCL)
  /// `O_NOATIME`.
  package static let noAccessTime = OpenFlags(rawValue: swift_o_noatime)
  /// `O_NOCTTY`.
  package static let noControllingTerminal = OpenFlags(rawValue: O_NOCTTY)
  /// `O_NOFOLLOW`.
  package static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
  /// `O_NONBLOCK`.
  package static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
  /// `O_PATH`.
  package static let path = OpenFlags(rawValue: swift_o_path)
  /// `O_SYNC`.
  package static let sync = OpenFlags(rawValue: O_SYNC)
  /// `__O_TMPFILE | O_DIRECTORY`.
  package static let temporaryFile = OpenFlags(rawValue: swift_o_tmpfile)
  /// `O_TRUNC`.
  package static let truncate = OpenFlags(rawValue: O_TRUNC)

  /// The two bits of the access mode, `O_ACCMODE`.
  package var accessMode: OpenFlags {
    OpenFlags(rawValue: rawValue & O_ACCMODE)
  }

  /// Whether a file opened so can be written.
  package var allowsWriting: Bool {
    accessMode == .writeOnly || accessMode == .readWrite
  }
}
