package import FuseProtocol
package import FuseServer
package import Linux

extension Passthrough {
  package func opendir(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut {
    guard try nodes.fileType(of: node) == FileType.directory else { throw .notDirectory }
    let directory = try nodes.openFile(node, flags: [.readOnly, .directory])
    let handle = try files.insert(
      directory, node: node, flags: .isDirectory, mount: nodes.mount(of: node))
    return OpenOut(handle: handle, flags: cache.directoryFlags)
  }

  /// Appends records from `arguments.offset` on until the next one does not fit, or to the end.
  ///
  /// The offsets are the host's (`d_off`), so that the guest may come back to any of them, whatever
  /// was made or removed meanwhile.
  package func readdir(
    _ node: NodeID, _ arguments: ReadIn, plus: Bool, into reply: inout ReplyBuffer
  ) throws(Errno) {
    guard arguments.offset <= UInt64(Int64.max) else { throw .invalidArgument }
    let directory = try openDirectory(arguments.handle, of: node)
    try files.withCursor(of: arguments.handle) { (cursor) throws(Errno) in
      let offset = arguments.offset
      guard plus else {
        return try append(.names, of: directory, from: offset, at: &cursor, to: &reply)
      }
      if let steadiness = nodes.steadiness(of: node, directory.descriptor, &steadyNames) {
        try append(.steady(steadiness), of: directory, from: offset, at: &cursor, to: &reply)
        if nodes.confirm(&steadyNames, of: node, directory.descriptor, steadiness) { return }
        // The directory has changed meanwhile: none of that is certain.
        reply.removeAll()
        cursor.offset = DirectoryCursor.unknown
      }
      try append(.opened, of: directory, from: offset, at: &cursor, to: &reply)
    }
  }

  package func releasedir(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno) {
    // A handle of a session that is over is unknown, which is what the guest wants it to be.
    files.release(arguments.handle)
  }

  package func fsyncdir(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall {
    let directory = try openDirectory(arguments.handle, of: node)
    return .sync(reference(to: directory), dataOnly: arguments.flags.contains(.dataOnly))
  }
}

extension Passthrough {
  /// The open directory `handle`.
  ///
  /// - Throws: `EBADF` if it is unknown or another node's; `ENOTDIR` if it is a file's.
  private func openDirectory(_ handle: UInt64, of node: NodeID) throws(Errno) -> OpenFile {
    let file = try files.find(handle)
    guard file.flags.contains(.isDirectory) else { throw .notDirectory }
    guard file.node == node else { throw .badDescriptor }
    return file
  }
}
