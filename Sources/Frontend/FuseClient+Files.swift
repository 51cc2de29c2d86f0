package import FuseProtocol

/// Operations on open files.
extension FuseClient {
  /// OPEN.
  package func open(_ node: NodeID, flags: UInt32 = 0) throws(FrontEndError) -> OpenOut {
    try call(.open(node, flags: flags)).structure()
  }

  /// CREATE; O_CREAT is added to `flags`.
  package func create(
    _ name: NameBytes, flags: UInt32 = 0o2, mode: UInt32 = 0o644, umask: UInt32 = 0,
    in parent: NodeID = .root
  ) throws(FrontEndError) -> CreateOut {
    let arguments = CreateIn(flags: flags | 0o100, mode: mode | 0o100000, umask: umask)
    return try call(.create(arguments, name, in: parent)).structure()
  }

  /// TMPFILE.
  package func tmpfile(
    flags: UInt32 = 0o2, mode: UInt32 = 0o644, in parent: NodeID = .root
  ) throws(FrontEndError) -> CreateOut {
    let arguments = CreateIn(flags: flags | 0o20_200_000, mode: mode | 0o100000)
    return try call(.tmpfile(arguments, in: parent)).structure()
  }

  /// READ of at most `byteCount` bytes.
  package func read(
    _ node: NodeID, handle: UInt64, offset: UInt64 = 0, byteCount: Int
  ) throws(FrontEndError) -> [UInt8] {
    try call(.read(node, handle: handle, offset: offset, byteCount: byteCount)).body
  }

  /// READ into the guest's memory.
  ///
  /// - Returns: How much was read.
  package func read(
    _ node: NodeID, handle: UInt64, offset: UInt64 = 0, into buffers: [GuestBuffer]
  ) throws(FrontEndError) -> Int {
    let reply = try call(.read(node, handle: handle, offset: offset, into: buffers))
    return reply.dataByteCount
  }

  /// WRITE.
  ///
  /// - Returns: How much was written.
  package func write(
    _ node: NodeID, handle: UInt64, offset: UInt64 = 0, _ bytes: [UInt8],
    writeFlags: WriteFlags = [], flags: UInt32 = 0
  ) throws(FrontEndError) -> Int {
    let reply: WriteOut = try call(
      .write(
        node, handle: handle, offset: offset, bytes: bytes, writeFlags: writeFlags, flags: flags)
    ).structure()
    return Int(reply.byteCount)
  }

  /// WRITE out of the guest's memory.
  ///
  /// - Returns: How much was written.
  package func write(
    _ node: NodeID, handle: UInt64, offset: UInt64 = 0, from buffers: [GuestBuffer],
    writeFlags: WriteFlags = [], flags: UInt32 = 0
  ) throws(FrontEndError) -> Int {
    let reply: WriteOut = try call(
      .write(
        node, handle: handle, offset: offset, from: buffers, writeFlags: writeFlags, flags: flags)
    ).structure()
    return Int(reply.byteCount)
  }

  /// FLUSH.
  package func flush(_ node: NodeID, handle: UInt64) throws(FrontEndError) {
    try emptyCall(.flush(node, handle: handle))
  }

  /// RELEASE.
  package func release(_ node: NodeID, handle: UInt64) throws(FrontEndError) {
    try emptyCall(.release(node, handle: handle))
  }

  /// FSYNC.
  package func fsync(
    _ node: NodeID, handle: UInt64, flags: FsyncFlags = []
  ) throws(FrontEndError) {
    try emptyCall(.fsync(node, handle: handle, flags: flags))
  }

  /// FALLOCATE.
  package func fallocate(
    _ node: NodeID, handle: UInt64, mode: UInt32 = 0, offset: UInt64 = 0, byteCount: UInt64
  ) throws(FrontEndError) {
    try emptyCall(
      .fallocate(
        node, FallocateIn(handle: handle, offset: offset, byteCount: byteCount, mode: mode)))
  }

  /// LSEEK; `whence` is SEEK_DATA (3) or SEEK_HOLE (4).
  package func lseek(
    _ node: NodeID, handle: UInt64, offset: UInt64, whence: UInt32
  ) throws(FrontEndError) -> UInt64 {
    let reply: LseekOut = try call(
      .lseek(node, LseekIn(handle: handle, offset: offset, whence: whence))
    ).structure()
    return reply.offset
  }

  /// COPY_FILE_RANGE.
  ///
  /// - Returns: How much was copied.
  package func copyFileRange(
    _ node: NodeID, _ arguments: CopyFileRangeIn
  ) throws(FrontEndError) -> Int {
    let reply: WriteOut = try call(.copyFileRange(node, arguments)).structure()
    return Int(reply.byteCount)
  }
}
