package import Linux

/// An open file that a deferred call works on.
///
/// Borrowed until the view's next quiescent point; a call that outlives it must pin it.
package struct FileReference: Sendable {
  /// The host's file.
  package var descriptor: Descriptor
  /// The number by which `FileSystem.pin` and `unpin` know the file.
  package var handle: UInt64
  /// Whether a READ may be made at once.
  package var readsAtOnce: AtOnce
  /// Whether a WRITE that needs not reach the disk may be made at once.
  package var writesAtOnce: AtOnce
  /// Whether the file is served over a network or by a process, so that any call may last for ever.
  package var isRemote: Bool

  /// A reference that does not keep the file open.
  package init(
    descriptor: Descriptor, handle: UInt64, readsAtOnce: AtOnce, writesAtOnce: AtOnce,
    isRemote: Bool = false
  ) {
    self.descriptor = descriptor
    self.handle = handle
    self.readsAtOnce = readsAtOnce
    self.writesAtOnce = writesAtOnce
    self.isRemote = isRemote
  }
}

/// Whether a call may be made by a thread that others wait for.
package enum AtOnce: UInt8, Sendable {
  /// It may wait for a disk, for a network, or for a process.
  case no
  /// With `RWF_NOWAIT`: the kernel refuses what would wait.
  case unlessItWaits
  /// It moves bytes in memory; that it waits is rare, and seen when it happens.
  case yes

  /// What `preadv2` and `pwritev2` are told; nothing if the call is not to be made.
  package var flags: Int32? {
    switch self {
    case .no: nil
    case .unlessItWaits: ReadWriteFlags.noWait
    case .yes: 0
    }
  }
}

/// In which direction data goes.
package enum Transfer: Sendable {
  case read
  case write
}

/// What remains to be done for a request, with the request's own buffers, now or later.
package enum DeferredCall: Sendable {
  /// Read `byteCount` bytes at `offset` into the reply; less only at the end of the file.
  case read(FileReference, offset: UInt64, byteCount: Int)
  /// Write the request's `byteCount` bytes of data; the reply is a `WriteOut`.
  case write(FileReference, WriteCall)
  /// `fsync`, or `fdatasync` if `dataOnly`.
  case sync(FileReference, dataOnly: Bool)
  /// `fallocate`.
  case allocate(FileReference, AllocateCall)
}

/// How a WRITE is to be made.
package struct WriteCall: Sendable {
  /// Where in the file, in bytes.
  package var offset: UInt64
  /// How much of the request's data.
  package var byteCount: Int
  /// At the end of the file, wherever that is when the write happens (`RWF_APPEND`).
  package var appends: Bool
  /// `RWF_SYNC` or `RWF_DSYNC`, as bits for `pwritev2`; 0 for neither.
  package var syncFlags: Int32
  /// Set-user-id and set-group-id bits must go (`FUSE_WRITE_KILL_SUIDGID`): the call is made
  /// inside `FileSystem.withoutSetIDCapability`.
  package var killsSetID: Bool

  /// A call with these properties.
  package init(
    offset: UInt64, byteCount: Int, appends: Bool, syncFlags: Int32, killsSetID: Bool
  ) {
    self.offset = offset
    self.byteCount = byteCount
    self.appends = appends
    self.syncFlags = syncFlags
    self.killsSetID = killsSetID
  }
}

/// How a FALLOCATE is to be made.
package struct AllocateCall: Sendable {
  /// `FALLOC_FL_*`, as bits.
  package var mode: Int32
  package var offset: UInt64
  package var byteCount: UInt64
  /// As for a WRITE.
  package var killsSetID: Bool

  package init(mode: Int32, offset: UInt64, byteCount: UInt64, killsSetID: Bool) {
    self.mode = mode
    self.offset = offset
    self.byteCount = byteCount
    self.killsSetID = killsSetID
  }
}

/// Where a request is dispatched.
package enum Placement: Sendable {
  /// On the queue's thread: it ends soon, or defers what does not.
  case inline
  /// On a worker: it may block and the ring cannot take it over.
  case worker
}
