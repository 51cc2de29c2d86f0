package import FuseProtocol
package import Linux

extension Passthrough {
  package func lookup(
    _ name: borrowing Name, in parent: NodeID
  ) throws(Errno) -> EntryOut {
    let (node, status) = try nodes.lookup(
      PathName(name.bytesWithTerminator), in: parent, &steadyNames, mayWait: mayWait)
    return entry(node, status)
  }

  package func forget(_ node: NodeID, lookups: UInt64) {
    nodes.forget(node, lookups: lookups)
  }

  package func mknod(
    _ arguments: MknodIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut {
    let path = try PathName(name.bytesWithTerminator)
    let type = arguments.mode & FileType.mask
    return try make(
      path, in: parent, by: creator, type: type == 0 ? FileType.regular : type
    ) { (directory) throws(Errno) in
      try directory.makeNode(
        path, mode: arguments.mode & (FileType.mask | permissionBits), device: arguments.device)
    }
  }

  package func mkdir(
    _ arguments: MkdirIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut {
    let path = try PathName(name.bytesWithTerminator)
    return try make(
      path, in: parent, by: creator, type: FileType.directory
    ) { (directory) throws(Errno) in
      try directory.makeDirectory(path, mode: arguments.mode & permissionBits)
    }
  }

  package func unlink(_ name: borrowing Name, in parent: NodeID) throws(Errno) {
    try checkWritable()
    let path = try PathName(name.bytesWithTerminator)
    try nodes.withDescriptor(of: parent) { (directory) throws(Errno) in
      try directory.unlink(path)
    }
  }

  package func rmdir(_ name: borrowing Name, in parent: NodeID) throws(Errno) {
    try checkWritable()
    let path = try PathName(name.bytesWithTerminator)
    try nodes.withDescriptor(of: parent) { (directory) throws(Errno) in
      try directory.removeDirectory(path)
    }
  }

  package func rename(
    _ name: borrowing Name, in parent: NodeID, to newName: borrowing Name, in newParent: NodeID,
    flags: UInt32, by creator: borrowing Creator
  ) throws(Errno) {
    // A closure cannot capture what is borrowed.
    let creator = copy creator
    let flags = RenameFlags(rawValue: flags)
    guard flags.isSubset(of: [.noReplace, .exchange, .whiteout]) else { throw .invalidArgument }
    try checkWritable()
    let path = try PathName(name.bytesWithTerminator)
    let newPath = try PathName(newName.bytesWithTerminator)
    try nodes.withDescriptor(of: newParent) { (newDirectory) throws(Errno) in
      guard flags.contains(.whiteout) else {
        return try nodes.withDescriptor(of: parent) { (directory) throws(Errno) in
          try directory.rename(path, to: newPath, in: newDirectory, flags: flags)
        }
      }
      // The whiteout is a new object, and the caller's.
      try acting(as: creator, in: parent) { (directory) throws(Errno) in
        try directory.rename(path, to: newPath, in: newDirectory, flags: flags)
      }
    }
  }
}

extension Passthrough {
  /// Has `body` make an object called `path` as `creator`, and looks it up.
  ///
  /// - Throws: `EIO` if by then the name means an object of another type: the guest would have to
  ///   distrust the node for good.
  func make(
    _ path: borrowing PathName, in parent: NodeID, by creator: borrowing Creator, type: UInt32,
    _ body: (Descriptor) throws(Errno) -> Void
  ) throws(Errno) -> EntryOut {
    try checkWritable()
    try acting(as: creator, in: parent, body)
    let (node, status) = try nodes.lookupNew(path, in: parent)
    guard status.fileType == type else {
      nodes.forget(node, lookups: 1)
      throw .inputOutput
    }
    return entry(node, status)
  }
}

extension Passthrough {
  /// Calls `body` with the directory `parent`, as `creator`.
  ///
  /// The directory is opened before, with our own rights.
  func acting(
    as creator: borrowing Creator, in parent: NodeID,
    _ body: (Descriptor) throws(Errno) -> Void
  ) throws(Errno) {
    // A closure cannot capture what is borrowed.
    let creator = copy creator
    try nodes.withDescriptor(of: parent) { (directory) throws(Errno) in
      try credentials.acting(as: creator) { () throws(Errno) in try body(directory) }
    }
  }
}

/// The bits of a mode that are not the file's type: permissions, set-id bits, the sticky bit.
let permissionBits: UInt32 = 0o7777

/// The types of files, as a mode has them; `S_IF*`.
enum FileType {
  /// `S_IFMT`
  static let mask: UInt32 = 0o170000
  /// `S_IFDIR`
  static let directory: UInt32 = 0o040000
  /// `S_IFREG`
  static let regular: UInt32 = 0o100000
  /// `S_IFLNK`
  static let link: UInt32 = 0o120000
}
