internal import FuseProtocol

/// Directories: records one after the other, each padded to eight bytes.
extension ReplyAnswer {
  /// How many names a line shows; with details all are kept.
  mutating func directory(_ body: inout MessageReader, plus: Bool) throws(DecodingError) {
    var names: [[UInt8]] = []
    var records: [[Field]] = []
    var count: UInt = 0
    defer {
      list.add("entries", count)
      if count > 0 { list.add("names", .names(names, count: Int(count))) }
      list.detail("records", .records(records))
    }
    while body.remainingCount > 0 {
      let entry = plus ? try body.read(EntryOut.self) : nil
      let record = try body.read(Dirent.self)
      guard record.nameByteCount <= body.remainingCount else { throw .truncated }
      if list.isDetailed || count < FieldValue.mostNames {
        let name = try body.readBytes(record.nameByteCount)
        names.append(name)
        if list.isDetailed { records.append(Self.fields(of: record, name, entry)) }
      } else {
        body.skip(Int(record.nameByteCount))
      }
      count += 1
      let padding = (8 - Int(record.nameByteCount % 8)) % 8
      guard padding <= body.remainingCount else { throw .truncated }
      body.skip(padding)
    }
  }

  private static func fields(of record: Dirent, _ name: [UInt8], _ entry: EntryOut?) -> [Field] {
    var list = FieldList(isDetailed: true)
    list.add("name", .name(name))
    list.add("ino", record.ino)
    list.add("type", .word(FlagTable.name(record.type, of: FlagTable.entryType)))
    list.add("off", record.offset)
    if let entry {
      list.add("node", entry.node.rawValue)
      if entry.node.rawValue != 0 {
        list.add("generation", entry.generation)
        list.addAllOf(entry.attr)
      }
    }
    return list.fields
  }
}
