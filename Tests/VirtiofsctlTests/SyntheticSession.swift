import Frontend
import FuseProtocol
import Linux
import TestSupport
import Trace

/// A capture put together by hand: requests with their replies, one after the other.
struct SyntheticSession {
  private var writer: TraceWriter
  private var time: UInt64 = 1_700_000_000_000_000_000
  private var serial: UInt64 = 0

  /// A session that begins with INIT.
  init(snapLength: Int = .max) {
    writer = TraceWriter(snapLength: snapLength)
    let flags = FuseClient.linuxFlags
    add(
      .initialize(
        InitIn(
          major: 7, minor: 41, maximumReadahead: 131_072, flagsLow: flags.flags,
          flagsHigh: flags.flags2)),
      reply: InitOut(major: 7, minor: 38, maximumReadahead: 131_072, maximumWrite: 1 << 20))
  }

  /// The capture as it would be in a file.
  var bytes: [UInt8] { writer.bytes }

  /// Writes the capture.
  func write(to path: String) throws {
    try writer.write(to: path)
  }

  /// Adds a request that is answered with a structure.
  mutating func add(_ request: FuseRequest, reply: some WireValue) {
    var body: [UInt8] = []
    body.append(wire: reply)
    add(request, body: body)
  }

  /// Adds a request that is answered with an error.
  mutating func add(_ request: FuseRequest, error: Errno) {
    add(request, body: [], error: error.rawValue)
  }

  /// Adds a request, with data if it is a WRITE, that is answered with these bytes, and data if it
  /// is a READ.
  mutating func add(
    _ request: FuseRequest, body: [UInt8], data: [UInt8] = [], error: Int32 = 0
  ) {
    serial += 1
    let isWrite = request.opcode == Opcode.write.rawValue
    let header = InHeader(
      byteCount: UInt32(40 + request.arguments.count + (isWrite ? data.count : 0)),
      opcode: request.opcode, unique: serial * 2, node: request.node)
    var message: [UInt8] = []
    message.append(wire: header)
    message += request.arguments
    let room = UInt32(16 + (request.replyByteCount ?? 0) + (isWrite ? 0 : data.count))
    time += 1000
    var sent = TraceRecord(
      time: time, kind: .request, vring: 1, serial: serial, readableByteCount: header.byteCount,
      writableByteCount: request.replyByteCount == nil ? 0 : room, message: message)
    if isWrite { sent = sent.with(data: data) }
    writer.append(sent)
    guard request.replyByteCount != nil else { return }
    var answer: [UInt8] = []
    let count = 16 + body.count + (isWrite ? 0 : data.count)
    answer.append(wire: OutHeader(byteCount: UInt32(count), error: -error, unique: serial * 2))
    time += 1000
    var came = TraceRecord(
      time: time, kind: .reply, vring: 1, serial: serial, writableByteCount: UInt32(count),
      message: answer + body)
    if !isWrite { came = came.with(data: data) }
    writer.append(came)
  }

  /// Adds a LOOKUP that finds an object.
  mutating func lookup(
    _ name: NameBytes, in parent: NodeID = .root, finds node: UInt64, mode: UInt32,
    size: UInt64 = 0, links: UInt32 = 1, isSparse: Bool = false
  ) {
    let attr = Attr(
      ino: node, size: size, blocks: isSparse ? 0 : size / 512 + 1, mode: mode, linkCount: links,
      blockSize: 4096)
    add(
      .lookup(name, in: parent), reply: EntryOut(node: NodeID(rawValue: node), attr: attr))
  }

  /// Adds a file's OPEN, READ of `data` and RELEASE.
  mutating func read(_ node: UInt64, at offset: UInt64, _ data: [UInt8]) {
    let node = NodeID(rawValue: node)
    add(.open(node, flags: 0), reply: OpenOut(handle: 7))
    var request = FuseRequest.read(node, handle: 7, offset: offset, byteCount: data.count)
    request.replyByteCount = 0
    add(request, body: [], data: data)
    add(.release(node, handle: 7), body: [])
  }
}
