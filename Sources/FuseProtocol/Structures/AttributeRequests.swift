/// `fuse_getattr_in`: the arguments of GETATTR.
package struct GetattrIn: WireValue {
  /// Whether `handle` is valid.
  package var flags: GetattrFlags
  private var padding: UInt32 = 0
  /// An open file of the node.
  package var handle: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(flags: GetattrFlags = [], handle: UInt64 = 0) {
    self.flags = flags
    self.handle = handle
  }
}

/// `FUSE_GETATTR_*`.
package struct GetattrFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `GetattrIn.handle` is valid (`FUSE_GETATTR_FH`).
  package static let handle = GetattrFlags(rawValue: 1 << 0)
}

/// `fuse_setattr_in`: the arguments of SETATTR.
package struct SetattrIn: WireValue {
  /// Which of the fields are to be applied.
  package var valid: SetattrValid
  private var padding: UInt32 = 0
  /// An open file of the node.
  package var handle: UInt64
  /// The new length in bytes.
  package var size: UInt64
  /// Whose locks the change respects.
  package var lockOwner: UInt64
  /// The time of access, in seconds since the epoch.
  package var atime: UInt64
  /// The time of modification, likewise.
  package var mtime: UInt64
  /// The time of the last change of the attributes, likewise.
  package var ctime: UInt64
  /// The fraction of `atime`.
  package var atimeNanoseconds: UInt32
  /// The fraction of `mtime`.
  package var mtimeNanoseconds: UInt32
  /// The fraction of `ctime`.
  package var ctimeNanoseconds: UInt32
  /// Type and permissions.
  package var mode: UInt32
  private var unused4: UInt32 = 0
  /// The owner.
  package var uid: UInt32
  /// The group.
  package var gid: UInt32
  private var unused5: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(
    valid: SetattrValid = [], handle: UInt64 = 0, size: UInt64 = 0, lockOwner: UInt64 = 0,
    atime: UInt64 = 0, mtime: UInt64 = 0, ctime: UInt64 = 0, atimeNanoseconds: UInt32 = 0,
    mtimeNanoseconds: UInt32 = 0, ctimeNanoseconds: UInt32 = 0, mode: UInt32 = 0, uid: UInt32 = 0,
    gid: UInt32 = 0
  ) {
    self.valid = valid
    self.handle = handle
    self.size = size
    self.lockOwner = lockOwner
    self.atime = atime
    self.mtime = mtime
    self.ctime = ctime
    self.atimeNanoseconds = atimeNanoseconds
    self.mtimeNanoseconds = mtimeNanoseconds
    self.ctimeNanoseconds = ctimeNanoseconds
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }
}

/// `FATTR_*`: which fields of `SetattrIn` are to be applied.
package struct SetattrValid: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `FATTR_MODE`.
  package static let mode = SetattrValid(rawValue: 1 << 0)
  /// `FATTR_UID`.
  package static let uid = SetattrValid(rawValue: 1 << 1)
  /// `FATTR_GID`.
  package static let gid = SetattrValid(rawValue: 1 << 2)
  /// `FATTR_SIZE`.
  package static let size = SetattrValid(rawValue: 1 << 3)
  /// `FATTR_ATIME`.
  package static let atime = SetattrValid(rawValue: 1 << 4)
  /// `FATTR_MTIME`.
  package static let mtime = SetattrValid(rawValue: 1 << 5)
  /// `FATTR_FH`: the handle is valid.
  package static let handle = SetattrValid(rawValue: 1 << 6)
  /// `FATTR_ATIME_NOW`: the time of access becomes now, whatever the field says.
  package static let atimeNow = SetattrValid(rawValue: 1 << 7)
  /// `FATTR_MTIME_NOW`: the time of modification becomes now.
  package static let mtimeNow = SetattrValid(rawValue: 1 << 8)
  /// `FATTR_LOCKOWNER`.
  package static let lockOwner = SetattrValid(rawValue: 1 << 9)
  /// `FATTR_CTIME`.
  package static let ctime = SetattrValid(rawValue: 1 << 10)
  /// `FATTR_KILL_SUIDGID`: set-id bits and capabilities must go.
  package static let killSetID = SetattrValid(rawValue: 1 << 11)
}

/// `fuse_access_in`: the arguments of ACCESS.
package struct AccessIn: WireValue {
  /// `R_OK`, `W_OK`, `X_OK`, as for `access`.
  package var mask: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(mask: UInt32 = 0) {
    self.mask = mask
  }
}
