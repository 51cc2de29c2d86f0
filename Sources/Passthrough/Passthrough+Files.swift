package import FuseProtocol
package import Linux

extension Passthrough {
  package func open(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut {
    let requested = OpenFlags(rawValue: Int32(bitPattern: arguments.flags))
    let flags = try hostFlags(requested)
    let truncates = requested.contains(.truncate)
    if flags.allowsWriting || truncates { try checkWritable() }
    try checkOpenable(node)
    if truncates { try checkTruncation(of: node, to: 0) }
    let kills = truncates && arguments.openFlags.contains(.killSetID)
    var opened: OwnedDescriptor?
    try clearingSetID(if: kills) { () throws(Errno) in
      opened = try nodes.openFile(node, flags: truncates ? flags.union(.truncate) : flags)
    }
    guard let file = opened.take() else { throw .inputOutput }
    return try keep(file, of: node, openedWith: flags)
  }

  /// An existing file is opened, unless the guest wants to be the one who makes it: it has looked
  /// the name up before, so that somebody else has been faster.
  package func create(
    _ arguments: CreateIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut {
    try checkWritable()
    let path = try PathName(name.bytesWithTerminator)
    let requested = OpenFlags(rawValue: Int32(bitPattern: arguments.flags))
    let flags = try hostFlags(requested)
    var made: OwnedDescriptor?
    do throws(Errno) {
      try acting(as: creator, in: parent) { (directory) throws(Errno) in
        made = try directory.open(
          path, flags.union([.create, .exclusive, .noFollow]),
          mode: arguments.mode & permissionBits)
      }
    } catch {
      guard error == .exists, !requested.contains(.exclusive) else { throw error }
      return try openExisting(path, in: parent, arguments, flags)
    }
    guard let file = made.take() else { throw .inputOutput }
    return try claim(file, openedWith: flags)
  }

  /// A file without a name, which LINK may give it one later, unless `O_EXCL` forbids that.
  package func tmpfile(
    _ arguments: CreateIn, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut {
    try checkWritable()
    let requested = OpenFlags(rawValue: Int32(bitPattern: arguments.flags))
    let flags = try hostFlags(requested)
    var made: OwnedDescriptor?
    try acting(as: creator, in: parent) { (directory) throws(Errno) in
      made = try directory.open(
        PathName("."), flags.union(.temporaryFile).union(requested.intersection(.exclusive)),
        mode: arguments.mode & permissionBits)
    }
    guard let file = made.take() else { throw .inputOutput }
    return try claim(file, openedWith: flags)
  }

  package func release(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno) {
    // A handle of a session that is over is unknown, which is what the guest wants it to be.
    files.release(arguments.handle)
  }

  /// What closing the file would report, where it can report anything.
  package func flush(_ node: NodeID, _ arguments: FlushIn) throws(Errno) {
    let file = try files.find(arguments.handle)
    guard !file.flags.contains(.closesInSilence) else { return }
    try file.descriptor.flush()
  }
}

extension Passthrough {
  /// Which of the guest's flags an open file of the host gets.
  ///
  /// The access mode, and `O_DIRECT` where the operator allows it. Not `O_APPEND`: pages that the
  /// guest writes back have offsets of their own, so each WRITE says whether it appends. Not
  /// `O_SYNC` for the like reason. `O_NOATIME` is the owner's right, whom we cannot tell. What
  /// concerns names and terminals is meaningless here, and bits that only the guest's kernel knows
  /// are none of the host's. Nor `O_NONBLOCK`: the ring would give up instead of waiting.
  func hostFlags(_ requested: OpenFlags) throws(Errno) -> OpenFlags {
    let access = requested.accessMode
    guard access == .readOnly || access.allowsWriting else { throw .invalidArgument }
    var flags = access
    if configuration.allowsDirectIO { flags.formUnion(requested.intersection(.direct)) }
    return flags
  }

  /// Throws unless `node` is a regular file: to open a FIFO waits, a device may do anything.
  private func checkOpenable(_ node: NodeID) throws(Errno) {
    switch try nodes.fileType(of: node) {
    case FileType.regular: return
    case FileType.directory: throw .isDirectory
    case FileType.link: throw .loop
    case _: throw .notSupported
    }
  }

  private func openExisting(
    _ path: borrowing PathName, in parent: NodeID, _ arguments: CreateIn, _ flags: OpenFlags
  ) throws(Errno) -> CreateOut {
    var found: (node: NodeID, status: FileStatus)
    do throws(Errno) {
      found = try nodes.lookup(path, in: parent)
    } catch {
      // If it is gone again the guest starts over.
      throw error == .noEntry ? .stale : error
    }
    do throws(Errno) {
      guard found.status.isRegular else { throw .exists }
      let open = try open(
        found.node, OpenIn(flags: arguments.flags, openFlags: arguments.openFlags))
      if OpenFlags(rawValue: Int32(bitPattern: arguments.flags)).contains(.truncate) {
        found.status = try status(of: found.node)
      }
      return CreateOut(entry: entry(found.node, found.status), open: open)
    } catch {
      nodes.forget(found.node, lookups: 1)
      throw error
    }
  }

  /// Makes a node and an open file of what was just made.
  private func claim(
    _ file: consuming OwnedDescriptor, openedWith flags: OpenFlags
  ) throws(Errno) -> CreateOut {
    let (node, status) = try nodes.claim(file)
    do throws(Errno) {
      let open = try keep(file, of: node, openedWith: flags)
      return CreateOut(entry: entry(node, status), open: open)
    } catch {
      nodes.forget(node, lookups: 1)
      throw error
    }
  }

  private func keep(
    _ file: consuming OwnedDescriptor, of node: NodeID, openedWith flags: OpenFlags
  ) throws(Errno) -> OpenOut {
    var known: OpenFileFlags = []
    if flags.allowsWriting { known.insert(.isWritable) }
    if flags.contains(.direct) { known.insert(.isDirect) }
    var reply = cache.fileFlags
    if nodes.closesInSilence(node) {
      known.insert(.closesInSilence)
      // Writing is over when WRITE is answered: without a write-back cache, which is never agreed
      // to, the guest has nothing to flush but what was mapped, and it writes that back when the
      // mapping goes.
      reply.insert(.noFlush)
    }
    let handle = try files.insert(
      file, node: node, flags: known, mount: nodes.mount(of: node))
    return OpenOut(handle: handle, flags: reply)
  }
}
