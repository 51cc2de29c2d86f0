import Trace

/// A small session, put together by hand.
enum Sample {
  /// How many records the capture has, and how many pairs.
  static let count = 17
  static let exchangeCount = 7

  /// - Parameters:
  ///   - tag: What the serials begin with.
  ///   - shift: How much later everything happens, in nanoseconds.
  static func capture(tag: UInt64 = 0, shift: UInt64 = 0) -> TraceWriter {
    var writer = TraceWriter(snapLength: 3, application: "test")
    var time = 1_790_000_000_000_000_000 + shift
    writer.append(.captureBegan(program: "test", options: "--none"), time: time)
    writer.append(.vringStarted(size: 128, features: 0x1_0000_0000), time: time + 1, vring: 1)
    for (serial, exchange) in exchanges.enumerated() {
      time += 1_000_000
      var request = TraceRecord(
        time: time, kind: .request, vring: 1, serial: tag << 48 | UInt64(serial),
        readableByteCount: UInt32(exchange.request.count), writableByteCount: 200,
        message: exchange.request)
      var reply = TraceRecord(
        time: time + 1500, kind: .reply, vring: 1, serial: tag << 48 | UInt64(serial),
        writableByteCount: UInt32(exchange.reply.count), message: exchange.reply)
      if serial == 2 { reply = reply.with(data: [1, 2, 3]) }
      if serial == 3 { request = request.with(data: [1, 2, 3, 4, 5]) }
      writer.append(request)
      writer.append(reply)
    }
    writer.append(.captureEnded(requests: 7, replies: 7, dropped: 0), time: time + 2_000_000)
    return writer
  }

  private static func request(_ opcode: UInt32, node: UInt64, _ arguments: [UInt8]) -> [UInt8] {
    HandMade.little(UInt32(40 + arguments.count)) + HandMade.little(opcode)
      + HandMade.little(UInt64(opcode) * 2) + HandMade.little(node)
      + [UInt8](repeating: 0, count: 16) + arguments
  }

  private static func reply(_ body: [UInt8], error: Int32 = 0, dataCount: Int = 0) -> [UInt8] {
    HandMade.little(UInt32(16 + body.count + dataCount)) + HandMade.little(error)
      + HandMade.little(UInt64(2)) + body
  }

  private static func words(_ numbers: UInt64...) -> [UInt8] {
    numbers.flatMap { HandMade.little($0) }
  }

  private static let exchanges: [(request: [UInt8], reply: [UInt8])] = [
    (request(1, node: 1, Array("hello\0".utf8)), reply(entry)),
    (request(14, node: 42, words(0x8002)), reply(words(77, 0))),
    (request(15, node: 42, words(77, 8192, 4096, 0, 0)), reply([], dataCount: 3)),
    (request(16, node: 42, words(77, 8192, 5, 0, 0)), reply(words(5))),
    (request(1, node: 1, Array("none\0".utf8)), reply([], error: -2)),
    ([1, 2, 3], []),
    (
      request(28, node: 1, words(77, 0, 4096, 0, 0)),
      reply(
        words(10, 1, 8 << 32 | 1) + Array("a\0\0\0\0\0\0\0".utf8) + words(11, 2, 4 << 32 | 3)
          + Array("dir\0\0\0\0\0".utf8))
    ),
  ]

  /// `struct fuse_entry_out`: node 42, a file of 5 bytes.
  private static let entry =
    words(42, 0, 1, 1, 0) + words(9, 5, 8, 1, 2, 3) + [UInt8](repeating: 0, count: 12)
    + HandMade.little(UInt32(0o100644)) + HandMade.little(UInt32(1))
    + [UInt8](repeating: 0, count: 20)
}
