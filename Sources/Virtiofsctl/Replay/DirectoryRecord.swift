internal import FuseProtocol

/// An entry of a directory, as READDIR or READDIRPLUS answers it.
struct DirectoryRecord: Sendable {
  /// Without a NUL.
  var name: [UInt8]
  /// What to ask with for the entries after this one.
  var offset: UInt64
  /// `DT_*`.
  var type: UInt32
  /// What READDIRPLUS says of the object, if that has been looked up.
  var entry: EntryOut?
  /// The capture's object; nil of a READDIR and of what comes live.
  var object: Int?

  /// Whether this is "." or "..", which count as no lookup.
  var isDotOrDotDot: Bool {
    name == [0x2e] || name == [0x2e, 0x2e]
  }

  /// The entries that follow a reply's header.
  ///
  /// - Returns: Nil if they are not laid out as entries are.
  static func all(in message: [UInt8], from start: Int, isPlus: Bool) -> [DirectoryRecord]? {
    var records: [DirectoryRecord] = []
    var offset = start
    while offset < message.count {
      var entry: EntryOut?
      if isPlus {
        guard let found = message.wire(EntryOut.self, at: offset) else { return nil }
        entry = found.node.rawValue == 0 ? nil : found
        offset += MemoryLayout<EntryOut>.size
      }
      guard let dirent = message.wire(Dirent.self, at: offset) else { return nil }
      offset += MemoryLayout<Dirent>.size
      let length = Int(dirent.nameByteCount)
      guard length > 0, length <= 4096, length <= message.count - offset else { return nil }
      records.append(
        DirectoryRecord(
          name: Array(message[offset..<offset + length]), offset: dirent.offset,
          type: dirent.type, entry: entry))
      // Entries begin at multiples of eight bytes; the last one may lack its padding.
      offset += (length + 7) & ~7
    }
    return records
  }
}
