package import FuseProtocol
package import Linux

/// An open file as `OpenFileTable.find` gives it: borrowed until the view's next quiescent point.
package struct OpenFile: Sendable {
  /// The host's file.
  package let descriptor: Descriptor
  /// The `fh` by which the guest knows it.
  package let handle: UInt64
  /// What it was opened as.
  package let node: NodeID
  /// The number of the mount that it is on.
  let mount: UInt32
  /// What is known of it.
  package let flags: OpenFileFlags
}

extension OpenFile {
  /// The file's status as `NodeTable.attributes` gives it.
  @inline(__always)
  func attributes() throws(Errno) -> FileStatus {
    mount == Mounts.root ? try descriptor.basicStatus() : try descriptor.status()
  }
}

/// What is known of an open file since it was opened.
package struct OpenFileFlags: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Opened by OPENDIR.
  package static let isDirectory = OpenFileFlags(rawValue: 1)
  /// Opened for writing, or both.
  package static let isWritable = OpenFileFlags(rawValue: 2)
  /// Opened with `O_DIRECT`.
  package static let isDirect = OpenFileFlags(rawValue: 4)
  /// Closing it does nothing, so neither does FLUSH.
  package static let closesInSilence = OpenFileFlags(rawValue: 8)
}

/// Where the reading of a directory stands.
package struct DirectoryCursor: Sendable {
  /// The descriptor's own position, as `getdents64` left it (`d_off`).
  package var offset: UInt64 = 0
}
