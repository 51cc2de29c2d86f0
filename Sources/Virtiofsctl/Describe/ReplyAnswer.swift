internal import FuseProtocol
internal import Trace

/// What follows the header of a good reply, while it is being read.
struct ReplyAnswer {
  /// What was read so far.
  var list: FieldList
  private let record: TraceRecord
  /// The arguments of the request.
  private var arguments: MessageReader

  init(_ record: TraceRecord, to arguments: MessageReader, list: FieldList) {
    self.record = record
    self.arguments = arguments
    self.list = list
  }

  /// Reads the answer to an operation; of one that has no name here, bytes.
  ///
  /// - Throws: What is wrong with it; what was read before stays in the list.
  mutating func read(
    _ opcode: Opcode?, _ body: inout MessageReader
  ) throws(DecodingError) {
    guard let opcode else { return addRest("answer", &body) }
    switch opcode {
    case .lookup, .symlink, .mknod, .mkdir, .link: add(try body.read(EntryOut.self))
    case .getattr, .setattr: try attr(&body)
    case .open, .opendir: add(try body.read(OpenOut.self))
    case .create, .tmpfile:
      let answer = try body.read(CreateOut.self)
      add(answer.entry)
      add(answer.open)
    case .write, .copyFileRange: list.add("size", try body.read(WriteOut.self).byteCount)
    case .copyFileRange64: list.add("size", try body.read(CopyFileRangeOut.self).byteCount)
    case .statfs: try statfs(&body)
    case .`init`: try initialize(&body)
    case .lseek: list.add("offset", try body.read(LseekOut.self).offset)
    case .readlink: list.add("target", .name(body.readRest()))
    case .read: readData(&body)
    case .readdir: try directory(&body, plus: false)
    case .readdirplus: try directory(&body, plus: true)
    case .getxattr, .listxattr: try extendedAttributes(opcode, &body)
    case .getlk: try list.addLock(&body)
    case .bmap: list.add("block", try body.read(UInt64.self))
    case .ioctl: try ioctl(&body)
    case .poll:
      list.add("revents", .word("0x" + String(try body.read(UInt32.self), radix: 16)))
      body.skip(4)
    case .statx: try statx(&body)
    case .cuseInit: try cuseInit(&body)
    case .setxattr, .removexattr, .unlink, .rmdir, .rename, .rename2, .release, .releasedir, .fsync,
      .fsyncdir, .flush, .access, .destroy, .fallocate, .syncfs, .setlk, .setlkw, .notifyReply,
      .setupMapping, .removeMapping, .forget, .batchForget, .interrupt:
      break
    }
  }

  private mutating func addRest(_ name: String, _ body: inout MessageReader) {
    if body.remainingCount > 0 { list.add(name, .bytes(body.readRest())) }
  }

  /// The data of a file: all of it is beside the message.
  private mutating func readData(_ body: inout MessageReader) {
    list.add("data", record.dataByteCount)
    if record.dataByteCount > 0 {
      if record.digest != 0 { list.add("digest", .hexadecimal(record.digest)) }
      list.detail("begins", .bytes(record.data))
    }
  }

  private mutating func attr(_ body: inout MessageReader) throws(DecodingError) {
    let answer = try body.read(AttrOut.self)
    list.add(answer.attr)
    list.detail(
      "attr_valid", seconds: answer.validSeconds, nanoseconds: answer.validNanoseconds)
  }

  private mutating func add(_ entry: EntryOut) {
    list.add("node", entry.node.rawValue)
    // The guest may remember that there is none.
    if entry.node.rawValue == 0 { return list.add("entry", .word("none")) }
    list.add(entry.attr)
    list.detail("generation", entry.generation)
    list.detail(
      "entry_valid", seconds: entry.entryValidSeconds, nanoseconds: entry.entryValidNanoseconds)
    list.detail(
      "attr_valid", seconds: entry.attrValidSeconds, nanoseconds: entry.attrValidNanoseconds)
  }

  private mutating func add(_ open: OpenOut) {
    list.add("fh", open.handle)
    list.addFlags("fopen", open.flags.rawValue, .openReply)
    if open.backingID != 0 { list.detail("backing_id", .signed(Int64(open.backingID))) }
  }

  private mutating func statfs(_ body: inout MessageReader) throws(DecodingError) {
    let status = try body.read(KStatfs.self)
    list.add("blocks", status.blocks)
    list.add("bfree", status.freeBlocks)
    list.add("bavail", status.availableBlocks)
    list.add("frsize", status.fragmentSize)
    list.detail("files", status.files)
    list.detail("ffree", status.freeFiles)
    list.detail("bsize", status.blockSize)
    list.detail("namelen", status.maximumNameByteCount)
  }

  private mutating func initialize(_ body: inout MessageReader) throws(DecodingError) {
    let answer = try body.readInitOut()
    list.add("version", .word("\(answer.major).\(answer.minor)"))
    list.add("max_readahead", answer.maximumReadahead)
    list.add("max_write", answer.maximumWrite)
    let flags = InitFlags(flags: answer.flagsLow, flags2: answer.flagsHigh)
    if flags.contains(.maximumPages) { list.add("max_pages", answer.maximumPages) }
    list.add("flags", .flags(FlagTable.`init`.names(of: flags.rawValue)))
    list.detail("max_background", answer.maximumBackground)
    list.detail("congestion_threshold", answer.congestionThreshold)
    list.detail("time_gran", answer.timeGranularity)
    list.detail("map_alignment", answer.mapAlignment)
    list.detail("max_stack_depth", answer.maximumStackDepth)
    list.detail("request_timeout", answer.requestTimeout)
  }

  /// A length if the request had no room, else a value or a list of names.
  private mutating func extendedAttributes(
    _ opcode: Opcode, _ body: inout MessageReader
  ) throws(DecodingError) {
    let room = try? arguments.read(GetxattrIn.self).byteCount
    if room == 0 { return list.add("size", try body.read(GetxattrOut.self).byteCount) }
    let bytes = body.readRest()
    list.add("size", UInt(bytes.count))
    guard opcode == .listxattr else { return list.add("value", .bytes(bytes)) }
    var names: [[UInt8]] = []
    var count = 0
    for name in bytes.split(separator: 0) {
      count += 1
      if list.isDetailed || count <= FieldValue.mostNames { names.append(Array(name)) }
    }
    list.add("names", .names(names, count: count))
    if let last = bytes.last, last != 0 { throw .unterminatedString }
  }
}
