import FuseProtocol
import Linux
import TestSupport
import Testing
import Trace

/// A capture that a test puts together, and the tool that looks into it.
struct Capture {
  let directory: TemporaryDirectory
  /// 2026-11-22T20:00:00Z
  static let start: UInt64 = 1_795_377_600 * 1_000_000_000
  private var writer = TraceWriter(application: "test 1.0")
  private var serial: UInt64 = 0

  init() throws {
    directory = try TemporaryDirectory("trace")
  }

  /// Where the capture is written.
  var path: String { directory.path("capture.pcapng") }

  /// Adds a request that came `time` nanoseconds after the beginning, and its reply.
  ///
  /// - Parameter nanoseconds: How long it took; nothing for a request that is never answered.
  mutating func add(
    _ request: TraceRecord, at time: UInt64, took nanoseconds: UInt64?, _ reply: TraceRecord,
    vring: UInt16 = 1
  ) {
    serial += 1
    var request = request
    request.serial = serial
    request.vring = vring
    request.time = Self.start + time
    writer.append(request)
    guard let nanoseconds else { return }
    var reply = reply
    reply.serial = serial
    reply.vring = vring
    reply.time = Self.start + time + nanoseconds
    writer.append(reply)
  }

  /// Adds an event.
  mutating func add(_ event: TraceEvent, at time: UInt64, vring: UInt16 = 0) {
    writer.append(event, time: Self.start + time, vring: vring)
  }

  /// Writes the file, less so many bytes of its end.
  func write(cut byteCount: Int = 0) throws {
    try write(Array(writer.bytes.dropLast(byteCount)))
  }

  /// Writes other bytes in its place.
  func write(_ bytes: [UInt8]) throws {
    let file = try Descriptor.createFile(path: path)
    try file.borrowed.writeWhole(unsafe bytes.span.bytes)
  }

  /// What `virtiofsctl trace` with these arguments says, and how it ends.
  func tool(_ arguments: [String]) throws -> (output: String, status: TestSupport.ExitStatus?) {
    let tool = try ChildProcess(
      [builtProduct("virtiofsctl"), "trace"] + arguments, outputPath: directory.path("log"))
    let status = tool.wait(for: .seconds(60))
    return (tool.output, status)
  }

  /// The lines that `trace show` writes with these options.
  func show(_ options: String...) throws -> [String] {
    let (output, status) = try tool(["show", path] + options)
    #expect(status == .exited(0))
    return output.split(separator: "\n").map(String.init)
  }
}

extension Capture {
  /// A small session: INIT, names, a file that is read and written, an error, and one request
  /// that is never answered.
  static func session() throws -> Capture {
    var capture = try Capture()
    let attr = Attr(ino: 9, size: 12, mode: 0o100644)
    let entry = Wire.value(EntryOut(node: NodeID(rawValue: 5), attr: attr))
    capture.add(.captureBegan(program: "test 1.0", options: "--trace x"), at: 0)
    capture.add(.vringStarted(size: 128, features: 1 << 32), at: 1000, vring: 1)
    capture.add(
      request(.`init`, node: 0, .value(InitIn(major: 7, minor: 38))), at: 10_000, took: 5_000,
      reply(.value(InitOut(major: 7, minor: 38))))
    // Answered after the one that comes next.
    capture.add(request(.lookup, .name("file")), at: 1_000_000, took: 400_000, reply(entry))
    capture.add(request(.lookup, .name("none")), at: 1_100_000, took: 20_000, reply(error: -2))
    capture.add(
      request(.read, node: 5, .value(ReadIn(handle: 3, byteCount: 4096))), at: 2_000_000,
      took: 2_000_000, reply().withData([65, 66], of: 12))
    capture.add(
      request(.write, node: 5, .value(WriteIn(handle: 3, byteCount: 3))).withData([1, 2, 3]),
      at: 500_000_000, took: 90_000, reply(.value(WriteOut(byteCount: 3))), vring: 1)
    capture.add(
      request(.getattr, node: 6, .value(GetattrIn())), at: 1_500_000_000, took: nil, reply())
    capture.add(.captureEnded(requests: 6, replies: 5, dropped: 0), at: 2_000_000_000)
    return capture
  }
}
