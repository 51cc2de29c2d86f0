internal import FuseProtocol

/// Requests that this daemon does not serve, whose structures it therefore does not have: each
/// field is read in the order of the C structure that the comment names.
extension RequestArguments {
  /// `fuse_lk_in`
  mutating func lock(_ body: inout MessageReader) throws(DecodingError) {
    list.add("fh", try body.read(UInt64.self))
    list.add("owner", .hexadecimal(try body.read()))
    try list.addLock(&body)
    list.addFlags("lk_flags", try body.read(UInt32.self), .lock)
    body.skip(4)
  }

  /// `fuse_bmap_in`
  mutating func bmap(_ body: inout MessageReader) throws(DecodingError) {
    list.add("block", try body.read(UInt64.self))
    list.add("blocksize", try body.read(UInt32.self))
    body.skip(4)
  }

  /// `fuse_ioctl_in`, and the data.
  mutating func ioctl(_ body: inout MessageReader) throws(DecodingError) {
    list.add("fh", try body.read(UInt64.self))
    let flags = try body.read(UInt32.self)
    list.add("cmd", .word("0x" + String(try body.read(UInt32.self), radix: 16)))
    list.add("arg", .hexadecimal(try body.read()))
    list.add("in_size", try body.read(UInt32.self))
    list.add("out_size", try body.read(UInt32.self))
    list.addFlags("ioctl_flags", flags, .ioctl)
    if body.remainingCount > 0 { list.add("data", .bytes(body.readRest())) }
  }

  /// `fuse_poll_in`
  mutating func poll(_ body: inout MessageReader) throws(DecodingError) {
    list.add("fh", try body.read(UInt64.self))
    list.add("kh", try body.read(UInt64.self))
    list.addFlags("poll_flags", try body.read(UInt32.self), .poll)
    list.add("events", .word("0x" + String(try body.read(UInt32.self), radix: 16)))
  }

  /// `fuse_notify_retrieve_in`, and the data.
  mutating func notifyReply(_ body: inout MessageReader) throws(DecodingError) {
    _ = try body.read(UInt64.self)
    list.add("offset", try body.read(UInt64.self))
    list.add("size", try body.read(UInt32.self))
    _ = try body.readBytes(UInt(20))
    if body.remainingCount > 0 { list.add("data", .bytes(body.readRest())) }
  }

  /// `fuse_setupmapping_in`
  mutating func setupMapping(_ body: inout MessageReader) throws(DecodingError) {
    list.add("fh", try body.read(UInt64.self))
    list.add("foffset", try body.read(UInt64.self))
    list.add("len", try body.read(UInt64.self))
    let flags = try body.read(UInt64.self)
    list.add("moffset", try body.read(UInt64.self))
    list.addFlags("flags", flags, .setupMapping)
  }

  /// `fuse_removemapping_in`, and so many `fuse_removemapping_one`.
  mutating func removeMapping(_ body: inout MessageReader) throws(DecodingError) {
    let count = try body.read(UInt32.self)
    list.add("count", count)
    guard count <= body.remainingCount / 16 else { throw .countTooLarge }
    var records: [[Field]] = []
    for _ in 0..<count {
      let offset = try body.read(UInt64.self)
      let length = try body.read(UInt64.self)
      guard list.isDetailed else { continue }
      records.append([
        Field(name: "moffset", value: .number(offset)), Field(name: "len", value: .number(length)),
      ])
    }
    list.detail("mappings", .records(records))
  }

  /// `fuse_statx_in`
  mutating func statx(_ body: inout MessageReader) throws(DecodingError) {
    let flags = try body.read(UInt32.self)
    _ = try body.read(UInt32.self)
    let handle = try body.read(UInt64.self)
    if flags & 1 != 0 { list.add("fh", handle) }
    list.addFlags("getattr_flags", flags & ~1, .getattr)
    list.add("sx_flags", .word("0x" + String(try body.read(UInt32.self), radix: 16)))
    list.add("sx_mask", .word("0x" + String(try body.read(UInt32.self), radix: 16)))
  }

  /// `cuse_init_in`
  mutating func cuseInit(_ body: inout MessageReader) throws(DecodingError) {
    let major = try body.read(UInt32.self)
    list.add("version", .word("\(major).\(try body.read(UInt32.self))"))
    _ = try body.read(UInt32.self)
    list.add("flags", .flags(FlagTable.cuse.names(of: UInt64(try body.read(UInt32.self)))))
  }
}

extension FieldList {
  /// `fuse_file_lock`, in a request and in the reply to GETLK.
  mutating func addLock(_ body: inout MessageReader) throws(DecodingError) {
    add("start", try body.read(UInt64.self))
    let end = try body.read(UInt64.self)
    add("end", end == UInt64(Int64.max) ? .word("EOF") : .number(end))
    add("type", .word(FlagTable.name(try body.read(), of: FlagTable.lockType)))
    add("pid", try body.read(UInt32.self))
  }
}
