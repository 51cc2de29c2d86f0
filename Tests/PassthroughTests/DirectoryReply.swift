import FuseProtocol
import FuseServer
import Linux
import Passthrough

/// A record of READDIR or READDIRPLUS, as a guest takes it apart.
struct DirectoryRecord: Equatable, Sendable {
  var name: String
  var ino: UInt64
  var offset: UInt64
  var type: UInt32
  /// Of READDIRPLUS only.
  var node = NodeID(rawValue: 0)
  var attrIno: UInt64 = 0
  var attrSize: UInt64 = 0
  var entryValidSeconds: UInt64 = 0
}

extension Guest {
  /// The records of one request, in a buffer of `byteCount` bytes.
  func readdir(
    _ handle: UInt64, of node: NodeID = .root, at offset: UInt64 = 0, byteCount: Int = 65536,
    plus: Bool = false
  ) throws(Errno) -> [DirectoryRecord] {
    var reply = ReplyBuffer(capacity: 1 << 20)
    reply.begin(unique: 1, limit: byteCount)
    let arguments = ReadIn(handle: handle, offset: offset, byteCount: UInt32(byteCount))
    try view.readdir(node, arguments, plus: plus, into: &reply)
    return records(Array(bytes(of: reply).dropFirst(16)), plus: plus)
  }

  /// The records of as many requests as it takes to come to the end.
  func readAll(
    _ handle: UInt64, of node: NodeID = .root, byteCount: Int = 4096, plus: Bool = false
  ) throws(Errno) -> [DirectoryRecord] {
    var all: [DirectoryRecord] = []
    while true {
      let next = try readdir(
        handle, of: node, at: all.last?.offset ?? 0, byteCount: byteCount, plus: plus)
      if next.isEmpty { return all }
      all += next
    }
  }

  /// Opens a directory.
  func opendir(_ node: NodeID = .root) throws(Errno) -> UInt64 {
    try view.opendir(node, OpenIn()).handle
  }
}

/// Takes records apart by the layout of the kernel's header.
private func records(_ bytes: [UInt8], plus: Bool) -> [DirectoryRecord] {
  let entryByteCount = plus ? 128 : 0
  var records: [DirectoryRecord] = []
  var start = 0
  while start < bytes.count {
    let dirent = start + entryByteCount
    let nameByteCount = Int(integer(bytes, dirent + 16, 4))
    let name = bytes[(dirent + 24)..<(dirent + 24 + nameByteCount)]
    var record = DirectoryRecord(
      name: String(decoding: name, as: UTF8.self), ino: integer(bytes, dirent, 8),
      offset: integer(bytes, dirent + 8, 8), type: UInt32(integer(bytes, dirent + 20, 4)))
    if plus {
      record.node = NodeID(rawValue: integer(bytes, start, 8))
      record.entryValidSeconds = integer(bytes, start + 16, 8)
      record.attrIno = integer(bytes, start + 40, 8)
      record.attrSize = integer(bytes, start + 48, 8)
    }
    records.append(record)
    start += (entryByteCount + 24 + nameByteCount + 7) / 8 * 8
  }
  return records
}

private func integer(_ bytes: [UInt8], _ offset: Int, _ byteCount: Int) -> UInt64 {
  bytes[offset..<(offset + byteCount)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
}
