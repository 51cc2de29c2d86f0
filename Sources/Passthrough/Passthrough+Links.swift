package import FuseProtocol
package import FuseServer
package import Linux

extension Passthrough {
  /// The longest text of a symbolic link, `PATH_MAX` less its NUL.
  private static let maximumTargetByteCount = 4095

  package func symlink(
    _ name: borrowing Name, target: borrowing Name, in parent: NodeID,
    by creator: borrowing Creator
  ) throws(Errno) -> EntryOut {
    let path = try PathName(name.bytesWithTerminator)
    let text = try PathName(target.bytesWithTerminator)
    return try make(
      path, in: parent, by: creator, type: FileType.link
    ) { (directory) throws(Errno) in
      try directory.makeSymbolicLink(path, to: text)
    }
  }

  package func link(
    _ node: NodeID, as name: borrowing Name, in parent: NodeID
  ) throws(Errno) -> EntryOut {
    try checkWritable()
    let path = try PathName(name.bytesWithTerminator)
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try nodes.withDescriptor(of: parent) { (directory) throws(Errno) in
        try makeLink(to: file, called: path, in: directory)
      }
    }
    let (linked, status) = try nodes.lookup(path, in: parent)
    guard linked != node else { return entry(node, status) }
    nodes.forget(linked, lookups: 1)
    // On overlayfs a new name may not be recognized as one of the file's.
    let original = try self.status(of: node)
    guard original.inode == status.inode, original.device == status.device,
      nodes.countLookup(of: node)
    else {
      // Somebody has replaced the name since; the guest must look it up anew.
      throw .stale
    }
    return entry(node, status)
  }

  package func readlink(_ node: NodeID, into reply: inout ReplyBuffer) throws(Errno) {
    guard try nodes.fileType(of: node) == FileType.link else { throw .invalidArgument }
    try nodes.withDescriptor(of: node) { (link) throws(Errno) in
      try reply.append(upTo: Self.maximumTargetByteCount) { (text) throws(Errno) in
        try link.readLink(into: &text)
      }
    }
  }

  /// Gives an open file a name: directly where we may (CAP_DAC_READ_SEARCH), or through procfs.
  ///
  /// Either way works without a name to start from, so also for what was made by TMPFILE.
  private func makeLink(
    to file: Descriptor, called path: borrowing PathName, in directory: Descriptor
  ) throws(Errno) {
    do throws(Errno) {
      try directory.link(file, as: path)
    } catch {
      guard error == .noEntry else { throw error }
      try nodes.links.link(file, as: path, in: directory)
    }
  }
}
