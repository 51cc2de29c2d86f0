/// `fuse_attr`: what `stat` tells of an object.
package struct Attr: WireValue {
  /// The inode number that the guest shows.
  package var ino: UInt64
  /// In bytes.
  package var size: UInt64
  /// In units of 512 bytes.
  package var blocks: UInt64
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
  /// Type and permissions, as `st_mode`.
  package var mode: UInt32
  /// `nlink`.
  package var linkCount: UInt32
  /// The owner.
  package var uid: UInt32
  /// The group.
  package var gid: UInt32
  /// `rdev`: the kernel's 32-bit encoding, major in bits 8 to 19, minor around it.
  package var device: UInt32
  /// `blksize`: the best size for I/O, a power of two; 0 leaves it to the guest.
  package var blockSize: UInt32
  /// What `stat` does not tell.
  package var flags: AttrFlags

  /// The structure with these fields; spare ones are zero.
  package init(
    ino: UInt64 = 0, size: UInt64 = 0, blocks: UInt64 = 0, atime: UInt64 = 0, mtime: UInt64 = 0,
    ctime: UInt64 = 0, atimeNanoseconds: UInt32 = 0, mtimeNanoseconds: UInt32 = 0,
    ctimeNanoseconds: UInt32 = 0, mode: UInt32 = 0, linkCount: UInt32 = 0, uid: UInt32 = 0,
    gid: UInt32 = 0, device: UInt32 = 0, blockSize: UInt32 = 0, flags: AttrFlags = []
  ) {
    self.ino = ino
    self.size = size
    self.blocks = blocks
    self.atime = atime
    self.mtime = mtime
    self.ctime = ctime
    self.atimeNanoseconds = atimeNanoseconds
    self.mtimeNanoseconds = mtimeNanoseconds
    self.ctimeNanoseconds = ctimeNanoseconds
    self.mode = mode
    self.linkCount = linkCount
    self.uid = uid
    self.gid = gid
    self.device = device
    self.blockSize = blockSize
    self.flags = flags
  }
}

/// `FUSE_ATTR_*`: what else is to be known of an object.
package struct AttrFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The directory is where another file system of the share begins.
  package static let submount = AttrFlags(rawValue: 1 << 0)
  /// The file may be mapped through the DAX window.
  package static let dax = AttrFlags(rawValue: 1 << 1)
}

/// `fuse_attr_out`: the reply to GETATTR and SETATTR.
package struct AttrOut: WireValue {
  /// How long the guest may trust the attributes.
  package var validSeconds: UInt64
  /// The fraction of `validSeconds`.
  package var validNanoseconds: UInt32
  private var padding: UInt32 = 0
  /// The attributes.
  package var attr: Attr

  /// The structure with these fields; spare ones are zero.
  package init(validSeconds: UInt64 = 0, validNanoseconds: UInt32 = 0, attr: Attr = Attr()) {
    self.validSeconds = validSeconds
    self.validNanoseconds = validNanoseconds
    self.attr = attr
  }
}
