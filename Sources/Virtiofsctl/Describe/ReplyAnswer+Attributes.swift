internal import FuseProtocol

extension FieldList {
  /// `fuse_attr`
  mutating func add(_ attr: Attr) {
    add("mode", .octal(attr.mode))
    add("size", attr.size)
    detail("ino", attr.ino)
    detail("nlink", attr.linkCount)
    detail("uid", attr.uid)
    detail("gid", attr.gid)
    if attr.device != 0 { detail("rdev", .word(RequestArguments.device(attr.device))) }
    detail("blocks", attr.blocks)
    detail("blksize", attr.blockSize)
    detail("atime", seconds: attr.atime, nanoseconds: attr.atimeNanoseconds)
    detail("mtime", seconds: attr.mtime, nanoseconds: attr.mtimeNanoseconds)
    detail("ctime", seconds: attr.ctime, nanoseconds: attr.ctimeNanoseconds)
    addFlags("attr_flags", attr.flags.rawValue, .attr)
  }

  /// `fuse_attr` of a directory's record, which has an inode number of its own.
  mutating func addAllOf(_ attr: Attr) {
    var attributes = FieldList(isDetailed: true)
    attributes.add(attr)
    for field in attributes.fields where field.name != "ino" || attr.ino != 0 {
      add(field.name == "ino" ? "attr_ino" : field.name, field.value)
    }
  }
}

/// Replies that this daemon never gives.
extension ReplyAnswer {
  /// `fuse_ioctl_out`, and the data.
  mutating func ioctl(_ body: inout MessageReader) throws(DecodingError) {
    list.add("result", .signed(Int64(try body.read(Int32.self))))
    let flags = try body.read(UInt32.self)
    list.addFlags("ioctl_flags", flags, .ioctl)
    list.detail("in_iovs", try body.read(UInt32.self))
    list.detail("out_iovs", try body.read(UInt32.self))
    if body.remainingCount > 0 { list.add("data", .bytes(body.readRest())) }
  }

  /// `cuse_init_out`
  mutating func cuseInit(_ body: inout MessageReader) throws(DecodingError) {
    let major = try body.read(UInt32.self)
    list.add("version", .word("\(major).\(try body.read(UInt32.self))"))
    _ = try body.read(UInt32.self)
    list.add("flags", .flags(FlagTable.cuse.names(of: UInt64(try body.read(UInt32.self)))))
    list.add("max_read", try body.read(UInt32.self))
    list.add("max_write", try body.read(UInt32.self))
    let deviceMajor = try body.read(UInt32.self)
    list.add("dev", .word("\(deviceMajor):\(try body.read(UInt32.self))"))
    body.skip(40)
  }

  /// `fuse_statx_out`
  mutating func statx(_ body: inout MessageReader) throws(DecodingError) {
    let validSeconds = try body.read(UInt64.self)
    let validNanoseconds = try body.read(UInt32.self)
    let flags = try body.read(UInt32.self)
    _ = try body.readBytes(UInt(16))
    try status(&body)
    list.addFlags("attr_flags", flags, .attr)
    list.detail("attr_valid", seconds: validSeconds, nanoseconds: validNanoseconds)
  }

  /// `fuse_statx`
  private mutating func status(_ body: inout MessageReader) throws(DecodingError) {
    let mask = try body.read(UInt32.self)
    list.detail("blksize", try body.read(UInt32.self))
    let attributes = try body.read(UInt64.self)
    list.detail("attributes", .hexadecimal(attributes))
    list.detail("nlink", try body.read(UInt32.self))
    list.detail("uid", try body.read(UInt32.self))
    list.detail("gid", try body.read(UInt32.self))
    list.add("mode", .octal(UInt32(try body.read(UInt16.self))))
    _ = try body.readBytes(UInt(2))
    list.detail("ino", try body.read(UInt64.self))
    list.add("size", try body.read(UInt64.self))
    list.detail("blocks", try body.read(UInt64.self))
    let attributesMask = try body.read(UInt64.self)
    list.detail("attributes_mask", .hexadecimal(attributesMask))
    for name in ["atime", "btime", "ctime", "mtime"] {
      list.detail(name, seconds: try body.read(), nanoseconds: try body.read())
      body.skip(4)
    }
    for name in ["rdev", "dev"] {
      let major = try body.read(UInt32.self)
      let minor = try body.read(UInt32.self)
      list.detail(name, .word("\(major):\(minor)"))
    }
    list.detail("mask", .word("0x" + String(mask, radix: 16)))
    _ = try body.readBytes(UInt(112))
  }
}
