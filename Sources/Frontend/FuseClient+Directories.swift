package import FuseProtocol
internal import Linux

/// A record of a directory.
package struct DirectoryRecord: Sendable {
  package var name: NameBytes
  /// The record without the name.
  package var dirent: Dirent
  /// What READDIRPLUS tells of the object; with node 0 it tells nothing.
  package var entry: EntryOut?
}

/// Operations on directories.
extension FuseClient {
  /// OPENDIR.
  package func opendir(_ node: NodeID = .root) throws(FrontEndError) -> OpenOut {
    try call(.opendir(node)).structure()
  }

  /// READDIR, or READDIRPLUS if `plus`: the records after `offset`, none at the end.
  package func readdir(
    _ node: NodeID = .root, handle: UInt64, offset: UInt64 = 0, byteCount: Int = 4096,
    plus: Bool = false
  ) throws(FrontEndError) -> [DirectoryRecord] {
    let body = try call(
      plus
        ? .readdirplus(node, handle: handle, offset: offset, byteCount: byteCount)
        : .readdir(node, handle: handle, offset: offset, byteCount: byteCount)
    ).body
    do {
      return try Self.records(body, plus: plus)
    } catch {
      throw .violation(.replyBody(body.count))
    }
  }

  /// All records of a directory, from the beginning, `byteCount` bytes at a time.
  package func readAll(
    _ node: NodeID = .root, handle: UInt64, byteCount: Int = 4096, plus: Bool = false
  ) throws(FrontEndError) -> [DirectoryRecord] {
    var all: [DirectoryRecord] = []
    while true {
      let more = try readdir(
        node, handle: handle, offset: all.last?.dirent.offset ?? 0, byteCount: byteCount,
        plus: plus)
      if more.isEmpty { return all }
      all += more
    }
  }

  /// RELEASEDIR.
  package func releasedir(_ node: NodeID = .root, handle: UInt64) throws(FrontEndError) {
    try emptyCall(.releasedir(node, handle: handle))
  }

  /// FSYNCDIR.
  package func fsyncdir(
    _ node: NodeID = .root, handle: UInt64, flags: FsyncFlags = []
  ) throws(FrontEndError) {
    try emptyCall(.fsyncdir(node, handle: handle, flags: flags))
  }

  /// Takes a reply apart; every record but the last is padded to eight bytes, and so is the last.
  private static func records(
    _ body: [UInt8], plus: Bool
  ) throws(DecodingError) -> [DirectoryRecord] {
    var records: [DirectoryRecord] = []
    var reader = WireReader(body.rawBytes)
    while !reader.remaining.isEmpty {
      let entry: EntryOut? = plus ? try reader.read() : nil
      let dirent: Dirent = try reader.read()
      let count = Int(dirent.nameByteCount)
      let name = try reader.readBytes(count)
      _ = try reader.readBytes((8 - count % 8) % 8)
      records.append(
        DirectoryRecord(name: NameBytes(Array(copying: name)), dirent: dirent, entry: entry))
    }
    return records
  }
}
