package import FuseProtocol
internal import FuseServer
package import Linux

extension Passthrough {
  @inline(__always)
  package func getattr(_ node: NodeID, _ arguments: GetattrIn) throws(Errno) -> AttrOut {
    if arguments.flags.contains(.handle), let file = openFile(arguments.handle, of: node) {
      return attributesReply(try file.attributes())
    }
    return attributesReply(try nodes.attributes(of: node))
  }

  /// The changes come in the order in which the later ones undo none of the earlier: a new owner
  /// clears set-id bits, a new size sets the time of modification.
  package func setattr(_ node: NodeID, _ arguments: SetattrIn) throws(Errno) -> AttrOut {
    try checkWritable()
    let valid = arguments.valid
    if valid.contains(.size) { try checkTruncation(of: node, to: arguments.size) }
    let type = try nodes.fileType(of: node)
    if !valid.isDisjoint(with: [.uid, .gid]) {
      try changeOwner(of: node, arguments)
    }
    if valid.contains(.mode) {
      try changeMode(of: node, type: type, to: arguments.mode & permissionBits)
    }
    if valid.contains(.size) {
      try truncate(node, type: type, arguments)
    }
    if !valid.isDisjoint(with: [.atime, .mtime, .atimeNow, .mtimeNow]) {
      try changeTimes(of: node, arguments)
    }
    return attributesReply(try nodes.attributes(of: node))
  }

  /// The status of the node's file, fresh from the host.
  func status(of node: NodeID) throws(Errno) -> FileStatus {
    try nodes.status(of: node)
  }

  /// The open file `handle` if it is one of `node`.
  private func openFile(_ handle: UInt64, of node: NodeID) -> OpenFile? {
    guard let file = try? files.find(handle), file.node == node else { return nil }
    return file
  }
}

extension Passthrough {
  private func changeOwner(of node: NodeID, _ arguments: SetattrIn) throws(Errno) {
    let uid = arguments.valid.contains(.uid) ? arguments.uid : nil
    let gid = arguments.valid.contains(.gid) ? arguments.gid : nil
    // The number that means "leave it" to the host is no id.
    guard uid != .max, gid != .max else { throw .invalidArgument }
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try file.changeOwner(uid: uid, gid: gid)
    }
  }

  private func changeMode(of node: NodeID, type: UInt32, to mode: UInt32) throws(Errno) {
    guard type != FileType.link else { throw .notSupported }
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      do throws(Errno) {
        try file.changeMode(to: mode)
      } catch {
        // Filters of system calls refuse new ones with either.
        guard error == .notImplemented || error == .notPermitted else { throw error }
        try nodes.links.changeMode(of: file, to: mode)
      }
    }
  }

  /// Throws `mustWait` if the thread may not, and so much goes that freeing it takes long.
  func checkTruncation(of node: NodeID, to size: UInt64) throws(Errno) {
    guard !mayWait else { return }
    let known = try nodes.attributes(of: node).size
    if known > size, known - size > Self.mostFreedAtOnce { throw .mustWait }
  }

  /// How many bytes a file may lose while others wait: of these the host drops the pages one by
  /// one, some ten gigabytes a second.
  private static var mostFreedAtOnce: UInt64 { 16 << 20 }

  /// Truncates through the guest's open file if it can, else through one of our own.
  ///
  /// A file that the guest has open for writing stays writable for it whatever its mode became.
  private func truncate(
    _ node: NodeID, type: UInt32, _ arguments: SetattrIn
  ) throws(Errno) {
    guard type == FileType.regular else {
      throw type == FileType.directory ? .isDirectory : .invalidArgument
    }
    let kills = arguments.valid.contains(.killSetID)
    if arguments.valid.contains(.handle), let file = openFile(arguments.handle, of: node),
      file.flags.contains(.isWritable)
    {
      return try clearingSetID(if: kills) { () throws(Errno) in
        try file.descriptor.truncate(to: arguments.size)
      }
    }
    let file = try nodes.openFile(node, flags: [.writeOnly, .nonBlocking])
    try clearingSetID(if: kills) { () throws(Errno) in
      try file.borrowed.truncate(to: arguments.size)
    }
  }

  private func changeTimes(of node: NodeID, _ arguments: SetattrIn) throws(Errno) {
    let valid = arguments.valid
    let access = try timeSetting(
      isNow: valid.contains(.atimeNow), isSet: valid.contains(.atime),
      seconds: arguments.atime, nanoseconds: arguments.atimeNanoseconds)
    let modification = try timeSetting(
      isNow: valid.contains(.mtimeNow), isSet: valid.contains(.mtime),
      seconds: arguments.mtime, nanoseconds: arguments.mtimeNanoseconds)
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try file.changeTimes(access: access, modification: modification)
    }
  }

  private func timeSetting(
    isNow: Bool, isSet: Bool, seconds: UInt64, nanoseconds: UInt32
  ) throws(Errno) -> TimeSetting {
    if isNow { return .now }
    guard isSet else { return .keep }
    guard nanoseconds < 1_000_000_000 else { throw .invalidArgument }
    return .at(seconds: Int64(bitPattern: seconds), nanoseconds: nanoseconds)
  }

  /// Calls `body`, without the capability that would let set-id bits survive if they must not.
  func clearingSetID<R>(
    if kills: Bool, _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    kills ? try credentials.withoutSetIDCapability(body) : try body()
  }
}
