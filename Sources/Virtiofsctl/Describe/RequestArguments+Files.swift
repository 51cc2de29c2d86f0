internal import FuseProtocol
internal import Trace

/// Requests about open files and their data.
extension RequestArguments {
  mutating func open(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(OpenIn.self)
    addOpenFlags(arguments.flags)
    list.addFlags("open_flags", arguments.openFlags.rawValue, .openRequest)
  }

  mutating func readData(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(ReadIn.self)
    list.add("fh", arguments.handle)
    list.add("offset", arguments.offset)
    list.add("size", arguments.byteCount)
    list.detail("flags", .flags(FlagTable.openFlagNames(arguments.flags)))
    list.detail(
      "read_flags", .flags(FlagTable.read.names(of: UInt64(arguments.readFlags.rawValue))))
    list.detail("lock_owner", .hexadecimal(arguments.lockOwner))
  }

  mutating func write(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(WriteIn.self)
    list.add("fh", arguments.handle)
    list.add("offset", arguments.offset)
    list.add("size", arguments.byteCount)
    if record.dataByteCount != arguments.byteCount { list.add("data", record.dataByteCount) }
    if record.digest != 0 { list.add("digest", .hexadecimal(record.digest)) }
    list.addFlags("write_flags", arguments.writeFlags.rawValue, .write)
    list.detail("flags", .flags(FlagTable.openFlagNames(arguments.flags)))
    list.detail("lock_owner", .hexadecimal(arguments.lockOwner))
    if record.dataByteCount > 0 { list.detail("begins", .bytes(record.data)) }
  }

  mutating func release(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(ReleaseIn.self)
    list.add("fh", arguments.handle)
    list.detail("flags", .flags(FlagTable.openFlagNames(arguments.flags)))
    list.addFlags("release_flags", arguments.releaseFlags.rawValue, .release)
    list.detail("lock_owner", .hexadecimal(arguments.lockOwner))
  }

  mutating func fsync(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(FsyncIn.self)
    list.add("fh", arguments.handle)
    list.addFlags("fsync_flags", arguments.flags.rawValue, .fsync)
  }

  mutating func flush(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(FlushIn.self)
    list.add("fh", arguments.handle)
    list.detail("lock_owner", .hexadecimal(arguments.lockOwner))
  }

  mutating func fallocate(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(FallocateIn.self)
    list.add("fh", arguments.handle)
    list.add("offset", arguments.offset)
    list.add("length", arguments.byteCount)
    list.addFlags("mode", arguments.mode, .fallocate)
  }

  mutating func lseek(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(LseekIn.self)
    list.add("fh", arguments.handle)
    list.add("offset", arguments.offset)
    list.add("whence", .word(FlagTable.name(arguments.whence, of: FlagTable.whence)))
  }

  mutating func copyFileRange(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(CopyFileRangeIn.self)
    list.add("fh_in", arguments.sourceHandle)
    list.add("off_in", arguments.sourceOffset)
    list.add("node_out", arguments.destinationNode.rawValue)
    list.add("fh_out", arguments.destinationHandle)
    list.add("off_out", arguments.destinationOffset)
    list.add("len", arguments.byteCount)
    if arguments.flags != 0 { list.add("flags", .hexadecimal(arguments.flags)) }
  }
}
