package import FuseProtocol
package import FuseServer
package import Linux

extension Passthrough {
  package func opendir(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut {
    guard try nodes.fileType(of: node) == FileType.directory else { throw .notDirectory }
    let directory = try nodes.openFile(node, flags: [.readOnly, .directory])
    let handle = try files.insert(directory, node: node, flags: .isDirectory)
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
      if cursor.offset != arguments.offset {
        try directory.descriptor.seekDirectory(to: arguments.offset)
        cursor.offset = arguments.offset
      }
      try appendEntries(
        of: directory, at: &cursor, plus: plus, to: &reply, by: &directoryBuffer)
    }
  }

  package func releasedir(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno) {
    // A handle of a session that is over is unknown, which is what the guest wants it to be.
    files.release(arguments.handle)
  }

  package func fsyncdir(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall {
    let directory = try openDirectory(arguments.handle, of: node)
    return .sync(FileReference(directory), dataOnly: arguments.flags.contains(.dataOnly))
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

  /// Appends records from the descriptor's position on, and leaves in `cursor` where that is then.
  ///
  /// - Throws: `EINVAL` if not even the first fits: an empty reply would mean the end.
  private func appendEntries(
    of directory: OpenFile, at cursor: inout DirectoryCursor, plus: Bool,
    to reply: inout ReplyBuffer, by buffer: inout DirectoryBuffer
  ) throws(Errno) {
    let shortest = RecordByteCount.shortest(plus: plus)
    let device = try directory.descriptor.status().device
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
        append(entry, in: directory, on: device, plus: plus, to: &reply)
        isEmpty = false
        next = entry.nextOffset
      }
      cursor.offset = next
      guard isMore else { return }
    }
  }

  /// Appends a record, which fits, and with attributes counts a lookup of what it names.
  ///
  /// An entry that cannot be looked up, because it is gone again or for lack of anything, is shown
  /// without attributes, as are "." and "..": those the guest never counts.
  private func append(
    _ entry: borrowing DirectoryEntry, in directory: OpenFile, on device: DeviceNumber, plus: Bool,
    to reply: inout ReplyBuffer
  ) {
    var dirent = dirent(entry, in: directory.node, on: device)
    guard plus else {
      _ = reply.append(dirent, name: entry.name)
      return
    }
    var attributes = EntryOut()
    if !entry.isSelf, !entry.isParent, let path = try? PathName(entry.terminatedName),
      let (node, status) = try? nodes.lookup(path, in: directory.descriptor)
    {
      attributes = self.entry(node, status)
      dirent.ino = attributes.attr.ino
    }
    _ = reply.append(attributes, dirent, name: entry.name)
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
