internal import FuseProtocol
internal import FuseServer
internal import Linux

// The records of READDIR and READDIRPLUS, and what they are made of.

extension Passthrough {
  /// Appends records from `offset` on: those that are known still, then the directory's own.
  ///
  /// - Parameter cursor: Where the descriptor is, before and after.
  /// - Throws: `EINVAL` if not even the first fits: an empty reply would mean the end.
  func append(
    _ contents: RecordContents, of directory: OpenFile, from offset: UInt64,
    at cursor: inout DirectoryCursor, to reply: inout ReplyBuffer
  ) throws(Errno) {
    let device =
      if let device = contents.device { device } else { try directory.descriptor.status().device }
    var place = RecordPlace(directory: directory, device: device, next: offset)
    if case .steady(let steadiness) = contents {
      directoryListing.begin(directory.node, steadiness)
      guard try appendKnown(contents, &place, to: &reply, from: &directoryListing) else { return }
    }
    try appendRead(
      contents, &place, at: &cursor, to: &reply, by: &directoryBuffer, &directoryListing)
  }

  /// Appends what `listing` has.
  ///
  /// - Returns: Whether the directory has to be read for what follows.
  private func appendKnown(
    _ contents: RecordContents, _ place: inout RecordPlace, to reply: inout ReplyBuffer,
    from listing: inout DirectoryListing
  ) throws(Errno) -> Bool {
    guard let first = listing.place(after: place.next) else { return true }
    steadyNames.restsOnListing = true
    var entries = listing.entries(from: first)
    var left = first
    let areAll = try append(&entries, contents, &place, to: &reply) { left = $0 }
    listing.leave(at: left, place.next)
    return areAll && !listing.isWhole
  }

  /// Appends what the directory has, read from its descriptor.
  private func appendRead(
    _ contents: RecordContents, _ place: inout RecordPlace, at cursor: inout DirectoryCursor,
    to reply: inout ReplyBuffer, by buffer: inout DirectoryBuffer,
    _ listing: inout DirectoryListing
  ) throws(Errno) {
    let shortest = RecordByteCount.shortest(plus: contents.hasAttributes)
    while place.isFirst || reply.remaining >= shortest {
      if cursor.offset != place.next { try place.seek() }
      // Wherever this ends but at the end of a batch, the descriptor is past what was appended.
      cursor.offset = DirectoryCursor.unknown
      // As much as surely fits: what is read in vain has to be read once more.
      let limit = reply.remaining / shortest * RecordByteCount.shortestOnHost
      var isMore = false
      do throws(Errno) {
        isMore = try buffer.fill(from: place.directory.descriptor, limit: limit)
      } catch {
        // What was appended counts as looked up; the next request meets the error itself.
        guard place.isFirst else { return }
        throw error
      }
      if contents.isSteady { listing.keep(buffer, from: place.next) }
      var entries = buffer.entries
      guard try append(&entries, contents, &place, to: &reply) else { return }
      cursor.offset = place.next
      guard isMore else { return }
    }
  }

  /// Appends `entries` until one does not fit.
  ///
  /// - Parameter passed: Called with the place behind each that was appended.
  /// - Returns: Whether all did.
  @inline(__always)
  private func append(
    _ entries: inout DirectoryEntries, _ contents: RecordContents, _ place: inout RecordPlace,
    to reply: inout ReplyBuffer, passed: (Int) -> Void = { _ in }
  ) throws(Errno) -> Bool {
    while let entry = entries.next() {
      guard reply.fits(nameByteCount: entry.name.byteCount, plus: contents.hasAttributes) else {
        guard !place.isFirst else { throw .invalidArgument }
        return false
      }
      append(entry, in: place.directory, on: place.device, contents, to: &reply)
      place.isFirst = false
      place.next = entry.nextOffset
      passed(entries.place)
    }
    return true
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
enum RecordContents {
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

  /// Whether what is told holds only if the directory does not change.
  var isSteady: Bool {
    switch self {
    case .names, .opened: false
    case .steady: true
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

/// Where in a directory a reply is.
private struct RecordPlace {
  let directory: OpenFile
  /// The directory's.
  let device: DeviceNumber
  /// The offset of what comes next.
  var next: UInt64
  /// Whether nothing has been appended yet.
  var isFirst = true

  /// Sets the descriptor's position.
  func seek() throws(Errno) {
    try directory.descriptor.seekDirectory(to: next)
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
  static let unknown = UInt64.max
}
