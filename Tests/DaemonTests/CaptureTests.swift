import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing
import Trace

/// `--trace`, from outside: what a front-end sends and gets is what stands in the file.
@Suite struct CaptureTests {
  /// Every operation, served at once, by the ring and by workers.
  @Test(arguments: ["auto", "sync"]) func everyRequestAndReplyIsThere(engine: String) throws {
    let capture = try Captured(["--io-engine=\(engine)"]) { guest in
      try Objects(guest.client).requests
    }
    #expect(capture.sent.count > 30)
    for (request, reply) in capture.sent {
      let exchange = try #require(capture.exchange(reply.ticket))
      let name = "opcode \(request.opcode)"
      let isWrite = request.opcode == Opcode.write.rawValue
      let argumentByteCount = isWrite ? 40 : request.arguments.count
      let message = exchange.request.message
      #expect(message.count == 40 + argumentByteCount, "\(name)")
      #expect(Array(message.dropFirst(40)) == Array(request.arguments.prefix(argumentByteCount)))
      #expect(number(message, at: 4, UInt32.self) == request.opcode, "\(name)")
      #expect(number(message, at: 16, UInt64.self) == request.node.rawValue, "\(name)")
      #expect(exchange.request.readableByteCount == UInt32(request.byteCount), "\(name)")
      let data = Array(request.arguments.dropFirst(argumentByteCount))
      #expect(exchange.request.dataByteCount == UInt32(data.count), "\(name)")
      #expect(exchange.request.digest == Digest.of(data), "\(name)")
      check(try #require(exchange.reply), reply, isRead: request.opcode == Opcode.read.rawValue)
    }
  }

  private func check(_ record: TraceRecord, _ reply: FuseReply, isRead: Bool) {
    #expect(record.writableByteCount == UInt32(reply.usedByteCount))
    guard let header = reply.header else {
      #expect(record.message.isEmpty)
      return
    }
    #expect(number(record.message, at: 0, UInt32.self) == header.byteCount)
    #expect(number(record.message, at: 4, UInt32.self) == UInt32(bitPattern: header.error))
    #expect(number(record.message, at: 8, UInt64.self) == header.unique)
    let rest = Array(record.message.dropFirst(16))
    #expect(rest == (isRead ? [] : reply.body))
    let data = isRead ? reply.body : []
    #expect(record.dataByteCount == UInt32(data.count) && record.digest == Digest.of(data))
    #expect(record.data == Array(data.prefix(256)))
  }

  @Test func aSessionHasItsBeginningAndItsEnd() throws {
    let capture = try Captured([]) { _ in [.getattr(.root), .statfs()] }
    let events = capture.records.filter { $0.kind == .event }
      .compactMap { TraceEvent(message: $0.message) }
    guard case .captureBegan(let program, let options) = events.first,
      case .captureEnded(let requests, let replies, dropped: 0) = events.last
    else {
      Issue.record("\(events)")
      return
    }
    #expect(program.hasPrefix("swift-virtiofsd "))
    #expect(options.contains("--trace="))
    let count = UInt64(capture.records.filter { $0.kind == .request }.count)
    #expect(requests == count && replies == count && count >= 3)
    #expect(events.filter { if case .vringStarted(128, _) = $0 { true } else { false } }.count == 2)
    #expect(events.filter { $0 == .vringStopped }.count == 2)
    #expect(capture.interfaces.prefix(2).map(\.name) == ["hiprio", "request0"])
    #expect(capture.interfaces.allSatisfy { $0.droppedCount == 0 })
    #expect(capture.interfaces.reduce(0) { $0 + ($1.receivedCount ?? 0) } == 2 * count)
    // INIT, with what was agreed on.
    let first = try #require(capture.exchanges.first)
    #expect(number(first.request.message, at: 4, UInt32.self) == Opcode.`init`.rawValue)
    #expect(first.reply?.message.count == 16 + MemoryLayout<InitOut>.size)
  }

  @Test func timesAreThoseOfTheDay() throws {
    let before = SystemClock.nanosecondsSince1970
    let capture = try Captured([]) { _ in (0..<100).map { _ in .getattr(.root) } }
    let after = SystemClock.nanosecondsSince1970
    // A second, should somebody set the clock meanwhile.
    let range = before - 1_000_000_000...after + 1_000_000_000
    #expect(capture.records.allSatisfy { range.contains($0.time) })
    for vring in [UInt16(0), 1] {
      let times = capture.records.filter { $0.vring == vring && $0.kind != .event }.map(\.time)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    }
  }

  /// Data in many pieces and of many lengths, at once and through the ring.
  @Test(arguments: [("auto", 0), ("auto", 100_000), ("sync", 256)])
  func dataIsDigestedWhole(engine: String, snapLength: Int) throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let capture = try Captured(
      ["--io-engine=\(engine)", "--trace-snaplen=\(snapLength)"],
      prepare: { share in try hostWrite("\(share)/f", bytes) },
      requests: { guest in
        guest.client.queue.framing = .pieces(of: 4000)
        let node = try guest.client.lookup("f").node
        let handle = try guest.client.open(node, flags: 2).handle
        return [
          .read(node, handle: handle, offset: 0, byteCount: 300_000),
          .read(node, handle: handle, offset: 299_000, byteCount: 4096),
          .read(node, handle: handle, offset: 400_000, byteCount: 4096),
          .write(node, handle: handle, offset: 7, bytes: Array(bytes.prefix(123_456))),
          .write(node, handle: handle, offset: 7, bytes: [9]),
        ]
      })
    let records = try capture.sent.map { try #require(capture.exchange($0.reply.ticket)) }
    let expected = [bytes, Array(bytes[299_000...]), [], Array(bytes.prefix(123_456)), [9]]
    for (index, exchange) in records.enumerated() {
      let record = index < 3 ? try #require(exchange.reply) : exchange.request
      #expect(record.dataByteCount == UInt32(expected[index].count))
      #expect(record.digest == Digest.of(expected[index]))
      #expect(record.data == Array(expected[index].prefix(snapLength)))
    }
  }

  @Test func brokenRequestsAreRecordedAsFarAsTheyGo() throws {
    let capture = try Captured([]) { _ in
      var short = FuseRequest.getattr(.root)
      short.sentByteCount = 20
      var lying = FuseRequest.getattr(.root)
      lying.statedByteCount = 1000
      return [short, lying, FuseRequest(opcode: 999, node: .root)]
    }
    let ofBroken = capture.exchanges.dropFirst()
    #expect(ofBroken.map(\.request.message.count) == [0, 40, 40])
    #expect(ofBroken.map { $0.reply?.message.count } == [0, 16, 16])
    #expect(ofBroken.map(\.request.readableByteCount) == [20, 56, 40])
  }

  @Test func requestsWithoutRepliesAreReturnedEmpty() throws {
    let capture = try Captured([]) { guest in
      try guest.client.forget(NodeID(rawValue: 77))
      return [.getattr(.root)]
    }
    let forget = try #require(capture.exchanges.first { $0.request.vring == 0 })
    #expect(number(forget.request.message, at: 4, UInt32.self) == Opcode.forget.rawValue)
    #expect(forget.reply?.writableByteCount == 0 && forget.reply?.message.isEmpty == true)
  }

  @Test func aCrashLeavesWhatHasBeenWritten() throws {
    let guest = try Guest(.swift, more: ["--trace={share}.trace"])
    for _ in 0..<2000 { _ = try guest.client.getattr(.root) }
    // Longer than records lie about.
    #expect(!guest.daemon.process.isRunning || guest.daemon.process.wait(for: .seconds(1)) == nil)
    for _ in 0..<500 { _ = try guest.client.getattr(.root) }
    guest.daemon.process.kill()
    _ = guest.daemon.process.wait(for: .seconds(10))
    var reader = try TraceReader(path: guest.share() + ".trace")
    var replies = 0
    while let record = try reader.next() { replies += record.kind == .reply ? 1 : 0 }
    #expect((2001...2501).contains(replies))
  }

  /// Vrings stop and start, the device is reset: all of it is one capture.
  @Test func stopsAndResetsAreRecorded() throws {
    let capture = try Captured([]) { guest in
      try guest.device.stop()
      try guest.device.restartAnew()
      return []
    }
    let started = capture.events.filter { if case .vringStarted = $0 { true } else { false } }
    #expect(started.count == 4)
    #expect(capture.events.filter { $0 == .vringStopped }.count == 4)
  }

  /// The disk is full: guests are served, it is said once, and the capture goes on afterwards.
  @Test func aFullDiskStopsNobody() throws {
    let disk = try TemporaryFileSystem(byteCount: 1 << 20)
    try hostWrite("\(disk.path)/filler", [UInt8](repeating: 1, count: (1 << 20) - (128 << 10)))
    var guest: Guest? = try Guest(.swift, more: ["--trace=\(disk.path)/trace"])
    let daemon = try #require(guest?.daemon)
    for _ in 0..<2000 { _ = try guest?.client.getattr(.root) }
    #expect(waitUntil { daemon.process.output.contains("cannot write the capture") })
    for _ in 0..<100 { _ = try guest?.client.getattr(.root) }
    try hostRemove("\(disk.path)/filler")
    guest = nil
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
    #expect(
      daemon.process.output.split(separator: "\n").filter { $0.contains("capture") }.count == 1)
    var reader = try TraceReader(path: "\(disk.path)/trace")
    var replies = 0
    while let record = try reader.next() { replies += record.kind == .reply ? 1 : 0 }
    #expect(replies == 2101)
    #expect(reader.cutOffset == nil)
  }

  @Test func aCaptureInsideTheShareIsWarnedOf() throws {
    let guest = try Guest(.swift, more: ["--trace={share}/trace"])
    #expect(guest.daemon.process.output.contains("inside the share"))
    #expect(try guest.client.lookup("trace").attr.mode & 0o777 == 0o600)
  }
}
