package import FuseProtocol

/// What a file system wants of a session, before the guest has said what it offers.
package struct SessionPreferences: Sendable {
  /// Flags to agree to wherever the guest offers them.
  package var flags: InitFlags
  /// The longest WRITE, in bytes.
  package var maximumWriteByteCount: UInt32

  package init(flags: InitFlags, maximumWriteByteCount: UInt32) {
    self.flags = flags
    self.maximumWriteByteCount = maximumWriteByteCount
  }
}

/// What FUSE_INIT settled.
package struct Agreement: Sendable {
  /// The lower of the two sides' minor versions.
  package var minor: UInt32
  /// The flags that both sides have.
  package var flags: InitFlags

  package init(minor: UInt32, flags: InitFlags) {
    self.minor = minor
    self.flags = flags
  }
}
