/// `fuse_open_in`: the arguments of OPEN and OPENDIR.
package struct OpenIn: WireValue {
  /// Those of `open`, as the guest's architecture numbers them.
  package var flags: UInt32
  /// What `open` has no flag for.
  package var openFlags: OpenRequestFlags

  /// The structure with these fields; spare ones are zero.
  package init(flags: UInt32 = 0, openFlags: OpenRequestFlags = []) {
    self.flags = flags
    self.openFlags = openFlags
  }
}

/// `FUSE_OPEN_*`: what the guest asks for besides the flags of `open`.
package struct OpenRequestFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Set-id bits must go if the file is truncated (`FUSE_OPEN_KILL_SUIDGID`).
  package static let killSetID = OpenRequestFlags(rawValue: 1 << 0)
}

/// `fuse_create_in`: the arguments of CREATE and TMPFILE, before the name.
package struct CreateIn: WireValue {
  /// Those of `open`, as the guest's architecture numbers them.
  package var flags: UInt32
  /// Type and permissions.
  package var mode: UInt32
  /// The caller's mask, to be applied if DONT_MASK was agreed to.
  package var umask: UInt32
  /// What `open` has no flag for.
  package var openFlags: OpenRequestFlags

  /// The structure with these fields; spare ones are zero.
  package init(
    flags: UInt32 = 0, mode: UInt32 = 0, umask: UInt32 = 0, openFlags: OpenRequestFlags = []
  ) {
    self.flags = flags
    self.mode = mode
    self.umask = umask
    self.openFlags = openFlags
  }
}

/// `fuse_open_out`: the reply to OPEN and OPENDIR.
package struct OpenOut: WireValue {
  /// What the guest will name the open file by.
  package var handle: UInt64
  /// How the guest is to treat it.
  package var flags: OpenReplyFlags
  /// Of /dev/fuse only; 0.
  package var backingID: Int32

  /// The structure with these fields; spare ones are zero.
  package init(handle: UInt64 = 0, flags: OpenReplyFlags = [], backingID: Int32 = 0) {
    self.handle = handle
    self.flags = flags
    self.backingID = backingID
  }
}

/// `FOPEN_*`: how the guest is to treat an open file.
package struct OpenReplyFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Reads and writes pass the page cache by.
  package static let directIO = OpenReplyFlags(rawValue: 1 << 0)
  /// What is cached of the file stays.
  package static let keepCache = OpenReplyFlags(rawValue: 1 << 1)
  /// The file has no offset to be set.
  package static let nonSeekable = OpenReplyFlags(rawValue: 1 << 2)
  /// The directory's records may be cached.
  package static let cacheDirectory = OpenReplyFlags(rawValue: 1 << 3)
  /// The file has no offset at all.
  package static let stream = OpenReplyFlags(rawValue: 1 << 4)
  /// No FLUSH at `close`.
  package static let noFlush = OpenReplyFlags(rawValue: 1 << 5)
  /// Direct writes may run at the same time.
  package static let parallelDirectWrites = OpenReplyFlags(rawValue: 1 << 6)
}

/// `fuse_entry_out` and `fuse_open_out`: the reply to CREATE and TMPFILE.
package struct CreateOut: WireValue {
  /// The object made.
  package var entry: EntryOut
  /// Its open file.
  package var open: OpenOut

  /// The structure with these fields; spare ones are zero.
  package init(entry: EntryOut = EntryOut(), open: OpenOut = OpenOut()) {
    self.entry = entry
    self.open = open
  }
}

/// `fuse_release_in`: the arguments of RELEASE and RELEASEDIR.
package struct ReleaseIn: WireValue {
  /// The open file that the guest is done with.
  package var handle: UInt64
  /// Those of `open`.
  package var flags: UInt32
  /// What to do first.
  package var releaseFlags: ReleaseFlags
  /// Whose locks go.
  package var lockOwner: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(
    handle: UInt64 = 0, flags: UInt32 = 0, releaseFlags: ReleaseFlags = [], lockOwner: UInt64 = 0
  ) {
    self.handle = handle
    self.flags = flags
    self.releaseFlags = releaseFlags
    self.lockOwner = lockOwner
  }
}

/// `FUSE_RELEASE_*`.
package struct ReleaseFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The file is to be flushed first.
  package static let flush = ReleaseFlags(rawValue: 1 << 0)
  /// The `flock` lock of `lockOwner` is to be let go.
  package static let flockUnlock = ReleaseFlags(rawValue: 1 << 1)
}

/// `fuse_flush_in`: the arguments of FLUSH.
package struct FlushIn: WireValue {
  /// The open file, one descriptor of which was closed.
  package var handle: UInt64
  private var unused: UInt32 = 0
  private var padding: UInt32 = 0
  /// Whose locks go.
  package var lockOwner: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(handle: UInt64 = 0, lockOwner: UInt64 = 0) {
    self.handle = handle
    self.lockOwner = lockOwner
  }
}

/// `fuse_fsync_in`: the arguments of FSYNC and FSYNCDIR.
package struct FsyncIn: WireValue {
  /// The open file.
  package var handle: UInt64
  /// How much of it.
  package var flags: FsyncFlags
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(handle: UInt64 = 0, flags: FsyncFlags = []) {
    self.handle = handle
    self.flags = flags
  }
}

/// `FUSE_FSYNC_*`.
package struct FsyncFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Not what is not needed to read the data back (`FUSE_FSYNC_FDATASYNC`).
  package static let dataOnly = FsyncFlags(rawValue: 1 << 0)
}
