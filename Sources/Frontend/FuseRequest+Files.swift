package import FuseProtocol

/// Operations on open files and directories.
extension FuseRequest {
  package static func open(_ node: NodeID, flags: UInt32) -> FuseRequest {
    open(node, OpenIn(flags: flags))
  }

  package static func open(_ node: NodeID, _ arguments: OpenIn) -> FuseRequest {
    FuseRequest(.open, node, reply: MemoryLayout<OpenOut>.size).with(arguments)
  }

  package static func create(
    _ arguments: CreateIn, _ name: NameBytes, in parent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.create, parent, reply: MemoryLayout<CreateOut>.size).with(arguments).with(name)
  }

  package static func tmpfile(
    _ arguments: CreateIn, in parent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.tmpfile, parent, reply: MemoryLayout<CreateOut>.size).with(arguments).with("/")
  }

  /// READ of as many bytes as `buffers` hold, into them.
  package static func read(
    _ node: NodeID, handle: UInt64, offset: UInt64, into buffers: [GuestBuffer],
    flags: UInt32 = 0
  ) -> FuseRequest {
    let byteCount = buffers.reduce(0) { $0 + $1.byteCount }
    return FuseRequest(.read, node)
      .with(
        ReadIn(
          handle: handle, offset: offset, byteCount: UInt32(truncatingIfNeeded: byteCount),
          flags: flags)
      )
      .with(replyData: buffers)
  }

  /// READ whose data comes with the reply's own bytes.
  package static func read(
    _ node: NodeID, handle: UInt64, offset: UInt64, byteCount: Int
  ) -> FuseRequest {
    FuseRequest(.read, node, reply: byteCount)
      .with(ReadIn(handle: handle, offset: offset, byteCount: UInt32(byteCount)))
  }

  /// WRITE of what `buffers` hold.
  package static func write(
    _ node: NodeID, handle: UInt64, offset: UInt64, from buffers: [GuestBuffer],
    writeFlags: WriteFlags = [], flags: UInt32 = 0
  ) -> FuseRequest {
    let byteCount = buffers.reduce(0) { $0 + $1.byteCount }
    return FuseRequest(.write, node, reply: MemoryLayout<WriteOut>.size)
      .with(
        WriteIn(
          handle: handle, offset: offset, byteCount: UInt32(truncatingIfNeeded: byteCount),
          writeFlags: writeFlags, flags: flags)
      )
      .with(data: buffers)
  }

  /// WRITE whose data comes after its arguments.
  package static func write(
    _ node: NodeID, handle: UInt64, offset: UInt64, bytes: [UInt8],
    writeFlags: WriteFlags = [], flags: UInt32 = 0
  ) -> FuseRequest {
    FuseRequest(.write, node, reply: MemoryLayout<WriteOut>.size)
      .with(
        WriteIn(
          handle: handle, offset: offset, byteCount: UInt32(bytes.count),
          writeFlags: writeFlags, flags: flags)
      )
      .with(bytes: bytes)
  }

  package static func flush(_ node: NodeID, handle: UInt64) -> FuseRequest {
    FuseRequest(.flush, node).with(FlushIn(handle: handle))
  }

  package static func release(_ node: NodeID, handle: UInt64) -> FuseRequest {
    FuseRequest(.release, node).with(ReleaseIn(handle: handle))
  }

  package static func fsync(
    _ node: NodeID, handle: UInt64, flags: FsyncFlags = []
  ) -> FuseRequest {
    FuseRequest(.fsync, node).with(FsyncIn(handle: handle, flags: flags))
  }

  package static func fallocate(_ node: NodeID, _ arguments: FallocateIn) -> FuseRequest {
    FuseRequest(.fallocate, node).with(arguments)
  }

  package static func lseek(_ node: NodeID, _ arguments: LseekIn) -> FuseRequest {
    FuseRequest(.lseek, node, reply: MemoryLayout<LseekOut>.size).with(arguments)
  }

  package static func copyFileRange(_ node: NodeID, _ arguments: CopyFileRangeIn) -> FuseRequest {
    FuseRequest(.copyFileRange, node, reply: MemoryLayout<WriteOut>.size).with(arguments)
  }

  // MARK: Directories

  package static func opendir(_ node: NodeID = .root, flags: UInt32 = 0) -> FuseRequest {
    FuseRequest(.opendir, node, reply: MemoryLayout<OpenOut>.size).with(OpenIn(flags: flags))
  }

  package static func readdir(
    _ node: NodeID, handle: UInt64, offset: UInt64 = 0, byteCount: Int = 4096
  ) -> FuseRequest {
    FuseRequest(.readdir, node, reply: byteCount)
      .with(ReadIn(handle: handle, offset: offset, byteCount: UInt32(byteCount)))
  }

  /// READDIRPLUS.
  package static func readdirplus(
    _ node: NodeID, handle: UInt64, offset: UInt64 = 0, byteCount: Int = 4096
  ) -> FuseRequest {
    FuseRequest(.readdirplus, node, reply: byteCount)
      .with(ReadIn(handle: handle, offset: offset, byteCount: UInt32(byteCount)))
  }

  package static func releasedir(_ node: NodeID, handle: UInt64) -> FuseRequest {
    FuseRequest(.releasedir, node).with(ReleaseIn(handle: handle))
  }

  package static func fsyncdir(
    _ node: NodeID, handle: UInt64, flags: FsyncFlags = []
  ) -> FuseRequest {
    FuseRequest(.fsyncdir, node).with(FsyncIn(handle: handle, flags: flags))
  }
}
