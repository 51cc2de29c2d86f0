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
      try seek(directory, to: arguments.offset, &cursor)
      guard plus else {
        return try append(.names, of: directory, at: &cursor, to: &reply, by: &directoryBuffer)
      }
      if let steadiness = nodes.steadiness(of: node, directory.descriptor, &steadyNames) {
        try append(
          .steady(steadiness), of: directory, at: &cursor, to: &reply, by: &directoryBuffer)
        if nodes.confirm(&steadyNames, of: node, directory.descriptor, steadiness) { return }
        // The directory has changed meanwhile: none of that is certain.
        reply.removeAll()
        cursor.offset = DirectoryCursor.unknown
        try seek(directory, to: arguments.offset, &cursor)
      }
      try append(.opened, of: directory, at: &cursor, to: &reply, by: &directoryBuffer)
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

  /// Sets the descriptor's position, if it is not there.
  private func seek(
    _ directory: OpenFile, to offset: UInt64, _ cursor: inout DirectoryCursor
  ) throws(Errno) {
    guard cursor.offset != offset else { return }
    try directory.descriptor.seekDirectory(to: offset)
    cursor.offset = offset
  }

  /// Appends records from the descriptor's position on, and leaves in `cursor` where that is then.
  ///
  /// - Throws: `EINVAL` if not even the first fits: an empty reply would mean the end.
  private func append(
    _ contents: RecordContents, of directory: OpenFile, at cursor: inout DirectoryCursor,
    to reply: inout ReplyBuffer, by buffer: inout DirectoryBuffer
  ) throws(Errno) {
    let plus = contents.hasAttributes
    let shortest = RecordByteCount.shortest(plus: plus)
    let device =
      if let device = contents.device { device } else { try directory.descriptor.status().device }
    var isEmpty = true
    while isEmpty || reply.remaining >= shortest {
      // Wherever this ends but at the end of a batch, the descriptor is past what was appended.
      var next = cursor.offset
      cursor.offset = DirectoryCursor.unknown
      // As much as surely fits: what is read in vain has to be read once more.
      let limit = reply.remaining / shortest * RecordByteCount.shortestOnHost
      var isMore = false
      do throws(Errno) {
        isMore = try buffer.fill(from: directory.descriptor, limit: limit)
      } catch {
        // What was appended counts as looked up; the next request meets the error itself.
        guard isEmpty else { return }
        throw error
      }
      var entries = buffer.entries
      while let entry = entries.next() {
        guard reply.fits(nameByteCount: entry.name.byteCount, plus: plus) else {
          guard !isEmpty else { throw .invalidArgument }
          return
        }
        append(entry, in: directory, on: device, contents, to: &reply)
        isEmpty = false
        next = entry.nextOffset
      }
      cursor.offset = next
      guard isMore else { return }
    }
  }

  /// Appends a record, which fits, and with attributes counts a lookup of what it names.
  ///
  /// An entry that cannot be looked up, because it is gone again, because that may take long, or
  /// for lack of anything, is shown without attributes, as are "." and "..": those the guest never
  /// counts.
  private func append(
    _ entry: borrowing DirectoryEntry, in directory: OpenFile, on device: DeviceNumber,
    _ contents: RecordContents, to reply: inout ReplyBuffer
  ) {
    var dirent = dirent(entry, in: directory.node, on: device)
    guard contents.hasAttributes else {
      _ = reply.append(dirent, name: entry.name)
      return
    }
    var attributes = EntryOut()
    if !entry.isSelf, !entry.isParent, let path = try? PathName(entry.terminatedName),
      let (node, status) = lookup(path, in: directory, contents)
    {
      attributes = self.entry(node, status)
      dirent.ino = attributes.attr.ino
    }
    _ = reply.append(attributes, dirent, name: entry.name)
  }

  /// What a record's name leads to, with one lookup counted.
  private func lookup(
    _ name: borrowing PathName, in directory: OpenFile, _ contents: RecordContents
  ) -> (NodeID, FileStatus)? {
    if case .steady(let steadiness) = contents,
      let found = nodes.find(
        name, in: directory.descriptor, steadiness, &steadyNames, mayWait: mayWait)
    {
      return found
    }
    guard
      let found = try? nodes.lookup(
        name, in: directory.descriptor, isAsked: false, mayWait: mayWait)
    else { return nil }
    // If what the others rest on does not hold, this one is asked for again with them.
    if case .steady = contents { steadyNames.counted.append(found.0) }
    return found
  }

  /// The record without attributes.
  ///
  /// The parent of the share is nobody's business: for "..", the root shows itself.
  private func dirent(
    _ entry: borrowing DirectoryEntry, in directory: NodeID, on device: DeviceNumber
  ) -> Dirent {
    var inode = share.inodeNumbers.number(entry.inode, on: device)
    if directory == .root, entry.isParent, let status = try? status(of: .root) {
      inode = status.inode
    }
    return Dirent(ino: inode, offset: entry.nextOffset, type: UInt32(entry.type))
  }
}

/// What the records tell, and how it is found out.
private enum RecordContents {
  case names
  /// Attributes, too: of files that are opened for that if they are not known.
  case opened
  /// Attributes, without opening anything, which hold if the directory does not change.
  case steady(Steadiness)

  var hasAttributes: Bool {
    switch self {
    case .names: false
    case .opened, .steady: true
    }
  }

  /// The directory's device, if it is known.
  var device: DeviceNumber? {
    switch self {
    case .names, .opened: nil
    case .steady(let steadiness): steadiness.device
    }
  }
}

/// How long the record of an entry with the shortest name is: what a reply can hold depends on it.
///
/// With a longer name, a record of ours is longer than the host's by a smaller factor.
private enum RecordByteCount {
  /// `struct linux_dirent64`.
  static let shortestOnHost = 24

  /// `fuse_dirent` or `fuse_direntplus`.
  static func shortest(plus: Bool) -> Int {
    plus ? 160 : 32
  }
}

extension DirectoryCursor {
  /// An offset that no request can have: the next one seeks.
  fileprivate static let unknown = UInt64.max
}
