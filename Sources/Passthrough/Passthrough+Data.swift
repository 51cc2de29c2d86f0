package import FuseProtocol
package import FuseServer
package import Linux

/// Reading and writing: what is to be done is decided here, and done by the transport.
extension Passthrough {
  package func read(_ node: NodeID, _ arguments: ReadIn) throws(Errno) -> DeferredCall {
    guard arguments.offset <= UInt64(Int64.max) else { throw .invalidArgument }
    let file = try regularFile(arguments.handle)
    return .read(
      reference(to: file), offset: arguments.offset, byteCount: Int(arguments.byteCount))
  }

  package func write(_ node: NodeID, _ arguments: WriteIn) throws(Errno) -> DeferredCall {
    guard arguments.offset <= UInt64(Int64.max) - UInt64(arguments.byteCount) else {
      throw .fileTooBig
    }
    let file = try regularFile(arguments.handle)
    guard file.flags.contains(.isWritable) else { throw .badDescriptor }
    // A page written back belongs where it lies, and whoever wanted it on disk sends FSYNC.
    let isFromCache = arguments.writeFlags.contains(.cache)
    let flags = OpenFlags(rawValue: Int32(bitPattern: arguments.flags))
    return .write(
      reference(to: file),
      WriteCall(
        offset: arguments.offset, byteCount: Int(arguments.byteCount),
        appends: flags.contains(.append) && !isFromCache,
        syncFlags: isFromCache ? 0 : syncFlags(flags),
        killsSetID: arguments.writeFlags.contains(.killSetID) ? try hasSetID(file) : false))
  }

  package func fsync(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall {
    let file = try files.find(arguments.handle)
    return .sync(reference(to: file), dataOnly: arguments.flags.contains(.dataOnly))
  }

  package func pin(_ file: FileReference) {
    files.pin(file.handle)
  }

  package func unpin(_ file: FileReference) {
    files.unpin(file.handle)
  }

  package func refusesNoWait(_ file: FileReference, _ transfer: Transfer) -> AtOnce {
    guard let mount = try? files.find(file.handle).mount else { return .no }
    return mounts.slots[mount].pace.refusesNoWait(transfer)
  }

  package func hasWaited(for file: FileReference) {
    guard let mount = try? files.find(file.handle).mount else { return }
    mounts.slots[mount].pace.wasSlow()
  }
}

extension Passthrough {
  /// The open regular file `handle`.
  ///
  /// - Throws: `EBADF`, or `EISDIR` if it is a directory's.
  func regularFile(_ handle: UInt64) throws(Errno) -> OpenFile {
    let file = try files.find(handle)
    guard !file.flags.contains(.isDirectory) else { throw .isDirectory }
    return file
  }

  /// The file as a deferred call takes it.
  ///
  /// With `O_DIRECT` every call waits for the disk.
  @inline(__always)
  func reference(to file: OpenFile) -> FileReference {
    let isDirect = file.flags.contains(.isDirect)
    return FileReference(
      descriptor: file.descriptor, handle: file.handle,
      readsAtOnce: isDirect ? .no : mounts.slots[file.mount].pace.readsAtOnce,
      writesAtOnce: isDirect ? .no : mounts.slots[file.mount].pace.writesAtOnce,
      isRemote: mounts.isRemote(file.mount))
  }

  private func syncFlags(_ flags: OpenFlags) -> Int32 {
    // O_DSYNC is one of the two bits of O_SYNC.
    if flags.contains(.sync) { return ReadWriteFlags.sync }
    return flags.contains(.dataSync) ? ReadWriteFlags.dataSync : 0
  }

  /// Whether the file has bits that a write must clear. Few have, and to look costs less than to
  /// write without the capability, which cannot be left to the ring.
  func hasSetID(_ file: OpenFile) throws(Errno) -> Bool {
    try file.descriptor.status().mode & 0o6000 != 0
  }
}
