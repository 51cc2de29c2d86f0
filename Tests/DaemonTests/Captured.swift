import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing
import Trace

/// A session that was captured, from its beginning to its clean end, and what its front-end saw.
struct Captured {
  /// What was sent and got, in order.
  let sent: [(request: FuseRequest, reply: FuseReply)]
  /// What stands in the file.
  let records: [TraceRecord]
  let exchanges: [Exchange]
  let interfaces: [TraceInterface]

  /// Runs the daemon with `options`, and sends it `requests`.
  init(
    _ options: [String], prepare: (String) throws -> Void = { _ in },
    requests: (Guest) throws -> [FuseRequest]
  ) throws {
    var guest: Guest? = try Guest(
      .swift, more: ["--trace={share}.trace"] + options, prepare: prepare)
    let daemon = try #require(guest?.daemon)
    var sent: [(request: FuseRequest, reply: FuseReply)] = []
    if let guest {
      guest.client.queue.isStrict = false
      let list = try requests(guest)
      sent = Array(zip(list, try guest.client.queue.replies(to: list)))
      #expect(sent.count == list.count)
    }
    guest = nil
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
    #expect(!daemon.process.output.contains("capture"))
    self.sent = sent
    var reader = try TraceReader(path: daemon.share() + ".trace")
    var pairing = ExchangePairing()
    var (records, exchanges) = ([TraceRecord](), [Exchange]())
    while let record = try reader.next() {
      records.append(record)
      if let exchange = pairing.add(record) { exchanges.append(exchange) }
    }
    #expect(reader.cutOffset == nil)
    #expect(pairing.waitingCount == 0 && pairing.unmatchedReplyCount == 0)
    self.records = records
    self.exchanges = exchanges.sorted { $0.request.time < $1.request.time }
    interfaces = reader.interfaces
  }

  /// The exchange of the request with that `unique`.
  func exchange(_ unique: UInt64) -> Exchange? {
    exchanges.first {
      $0.request.message.count >= 40 && number($0.request.message, at: 8, UInt64.self) == unique
    }
  }

  /// What happened beside requests.
  var events: [TraceEvent] {
    records.filter { $0.kind == .event }.compactMap { TraceEvent(message: $0.message) }
  }
}

/// The number at `offset`, little-endian.
func number<T: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int, _ type: T.Type) -> T {
  (0..<T.bitWidth / 8).reduce(0) { $0 | T(truncatingIfNeeded: bytes[offset + $1]) << ($1 * 8) }
}
