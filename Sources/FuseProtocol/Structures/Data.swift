/// `fuse_read_in`: the arguments of READ, READDIR and READDIRPLUS.
package struct ReadIn: WireValue {
  /// The open file.
  package var handle: UInt64
  /// In bytes; of a directory, where an earlier record said that the next one is.
  package var offset: UInt64
  /// `size`: the most that the reply may hold.
  package var byteCount: UInt32
  /// Which fields are valid.
  package var readFlags: ReadFlags
  /// Whose locks the call respects.
  package var lockOwner: UInt64
  /// Those of the open file, as they are now.
  package var flags: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(
    handle: UInt64 = 0, offset: UInt64 = 0, byteCount: UInt32 = 0, readFlags: ReadFlags = [],
    lockOwner: UInt64 = 0, flags: UInt32 = 0
  ) {
    self.handle = handle
    self.offset = offset
    self.byteCount = byteCount
    self.readFlags = readFlags
    self.lockOwner = lockOwner
    self.flags = flags
  }
}

/// `FUSE_READ_*`.
package struct ReadFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `lockOwner` is valid.
  package static let lockOwner = ReadFlags(rawValue: 1 << 1)
}

/// `fuse_write_in`: the arguments of WRITE, before the data.
package struct WriteIn: WireValue {
  /// The open file.
  package var handle: UInt64
  /// In bytes.
  package var offset: UInt64
  /// `size`: the length of the data that follows.
  package var byteCount: UInt32
  /// What kind of write it is.
  package var writeFlags: WriteFlags
  /// Whose locks the call respects.
  package var lockOwner: UInt64
  /// Those of the open file, as they are now.
  package var flags: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(
    handle: UInt64 = 0, offset: UInt64 = 0, byteCount: UInt32 = 0, writeFlags: WriteFlags = [],
    lockOwner: UInt64 = 0, flags: UInt32 = 0
  ) {
    self.handle = handle
    self.offset = offset
    self.byteCount = byteCount
    self.writeFlags = writeFlags
    self.lockOwner = lockOwner
    self.flags = flags
  }
}

/// `FUSE_WRITE_*`.
package struct WriteFlags: OptionSet, Hashable, WireValue {
  /// The bits of the wire.
  package var rawValue: UInt32

  /// The flags with these bits.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// From the page cache: the handle is any that may write, the caller is unknown.
  package static let cache = WriteFlags(rawValue: 1 << 0)
  /// `lockOwner` is valid.
  package static let lockOwner = WriteFlags(rawValue: 1 << 1)
  /// Set-id bits must go (`FUSE_WRITE_KILL_SUIDGID`).
  package static let killSetID = WriteFlags(rawValue: 1 << 2)
}

/// `fuse_write_out`: the reply to WRITE and COPY_FILE_RANGE.
package struct WriteOut: WireValue {
  /// `size`: how much was written.
  package var byteCount: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0) {
    self.byteCount = byteCount
  }
}

/// `fuse_fallocate_in`: the arguments of FALLOCATE.
package struct FallocateIn: WireValue {
  /// The open file.
  package var handle: UInt64
  /// In bytes.
  package var offset: UInt64
  /// `length`: of the range.
  package var byteCount: UInt64
  /// `FALLOC_FL_*`.
  package var mode: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(handle: UInt64 = 0, offset: UInt64 = 0, byteCount: UInt64 = 0, mode: UInt32 = 0) {
    self.handle = handle
    self.offset = offset
    self.byteCount = byteCount
    self.mode = mode
  }
}

/// `fuse_lseek_in`: the arguments of LSEEK.
package struct LseekIn: WireValue {
  /// The open file.
  package var handle: UInt64
  /// Where to look from, in bytes.
  package var offset: UInt64
  /// `SEEK_DATA` or `SEEK_HOLE`.
  package var whence: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(handle: UInt64 = 0, offset: UInt64 = 0, whence: UInt32 = 0) {
    self.handle = handle
    self.offset = offset
    self.whence = whence
  }
}

/// `fuse_lseek_out`: the reply to LSEEK.
package struct LseekOut: WireValue {
  /// What was found, in bytes.
  package var offset: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(offset: UInt64 = 0) {
    self.offset = offset
  }
}

/// `fuse_copy_file_range_in`: the arguments of COPY_FILE_RANGE and COPY_FILE_RANGE_64.
package struct CopyFileRangeIn: WireValue {
  /// `fh_in`: the open file of the header's node to copy from.
  package var sourceHandle: UInt64
  /// `off_in`, in bytes.
  package var sourceOffset: UInt64
  /// `nodeid_out`.
  package var destinationNode: NodeID
  /// `fh_out`: the open file to copy to.
  package var destinationHandle: UInt64
  /// `off_out`, in bytes.
  package var destinationOffset: UInt64
  /// `len`: how much to copy.
  package var byteCount: UInt64
  /// Those of `copy_file_range`: none yet.
  package var flags: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(
    sourceHandle: UInt64 = 0, sourceOffset: UInt64 = 0,
    destinationNode: NodeID = NodeID(rawValue: 0), destinationHandle: UInt64 = 0,
    destinationOffset: UInt64 = 0, byteCount: UInt64 = 0, flags: UInt64 = 0
  ) {
    self.sourceHandle = sourceHandle
    self.sourceOffset = sourceOffset
    self.destinationNode = destinationNode
    self.destinationHandle = destinationHandle
    self.destinationOffset = destinationOffset
    self.byteCount = byteCount
    self.flags = flags
  }
}

/// `fuse_copy_file_range_out`: the reply to COPY_FILE_RANGE_64.
package struct CopyFileRangeOut: WireValue {
  /// `bytes_copied`.
  package var byteCount: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt64 = 0) {
    self.byteCount = byteCount
  }
}
