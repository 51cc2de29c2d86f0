internal import FuseProtocol
internal import Linux
internal import Trace

/// What there was of one operation.
struct OperationStatistics {
  /// How many requests.
  var count = 0
  /// How many of them have no reply in the capture.
  var unansweredCount = 0
  /// How many replies said an error.
  var failedCount = 0
  /// How many had which error.
  private(set) var errors: [Int32: Int] = [:]
  /// How long they took.
  var latency = LatencyHistogram()
  /// What the device read.
  var requestBytes: UInt64 = 0
  /// What the device wrote.
  var replyBytes: UInt64 = 0

  /// More different errors than there are names for are counted together, as number 0.
  private static let mostErrors = 256

  /// Counts an error.
  mutating func addError(_ number: Int32) {
    failedCount += 1
    let isKnown = errors[number] != nil || errors.count < Self.mostErrors
    errors[isKnown ? number : 0, default: 0] += 1
  }

  /// The errors, those that were frequent first.
  var errorsByFrequency: [(name: String, count: Int)] {
    errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { number, count in
      (number == 0 ? "others" : Errno(rawValue: number).symbol, count)
    }
  }

  /// Adds what another operation had.
  mutating func merge(_ other: OperationStatistics) {
    count += other.count
    unansweredCount += other.unansweredCount
    failedCount += other.failedCount
    requestBytes &+= other.requestBytes
    replyBytes &+= other.replyBytes
    latency.merge(other.latency)
  }
}

/// What there was of a capture: in memory that does not grow with it.
struct CaptureStatistics {
  /// By the operation's number; the last but one for all numbers beyond, the last for requests
  /// without a header.
  private var operations = [OperationStatistics?](repeating: nil, count: 66)
  private static let others = 64
  private static let headless = 65
  /// File data out of files, and into them.
  private(set) var readBytes: UInt64 = 0
  private(set) var writtenBytes: UInt64 = 0
  /// The most requests that were answered later, at any one time.
  private(set) var mostInFlight = 0
  private var inFlight = 0
  private var edges = TimeWindow<Int>(capacity: 1 << 17)

  init() {}

  /// Counts an exchange.
  mutating func add(_ exchange: Exchange) {
    let number = exchange.request.opcode
    let slot = number.map { $0 < Self.others ? Int($0) : Self.others } ?? Self.headless
    // Taken out and put back, so that the histogram in it is not copied.
    var operation = operations[slot] ?? OperationStatistics()
    operations[slot] = nil
    operation.count += 1
    operation.requestBytes &+= UInt64(exchange.request.readableByteCount)
    if let reply = exchange.reply {
      operation.replyBytes &+= UInt64(reply.writableByteCount)
      operation.latency.record(nanoseconds: Int(clamping: exchange.nanoseconds ?? 0))
      let error = reply.errorNumber
      if error != 0 { operation.addError(error) }
      countData(exchange.request, reply)
      countInFlight(from: exchange.request.time, to: reply.time)
    } else {
      operation.unansweredCount += 1
    }
    operations[slot] = operation
  }

  /// Counts what is still held back; nothing may be added any more.
  mutating func finish() {
    count(edges.removeAll())
  }

  /// The operations that there were, the most frequent first.
  var byFrequency: [(name: String, statistics: OperationStatistics)] {
    operations.enumerated().compactMap { slot, statistics in
      statistics.map { (Self.name(of: slot), $0) }
    }
    .sorted { ($1.statistics.count, $0.name) < ($0.statistics.count, $1.name) }
  }

  /// All operations together.
  var total: OperationStatistics {
    var total = OperationStatistics()
    for case let operation? in operations { total.merge(operation) }
    return total
  }

  private static func name(of slot: Int) -> String {
    slot == others ? "OTHERS" : slot == headless ? "?" : Opcode.kernelName(of: UInt32(slot))
  }

  private mutating func countData(_ request: TraceRecord, _ reply: TraceRecord) {
    writtenBytes &+= UInt64(request.dataByteCount)
    readBytes &+= UInt64(reply.dataByteCount)
  }

  /// A reply that was dropped would count for ever, so only whole exchanges are counted.
  private mutating func countInFlight(from start: UInt64, to end: UInt64) {
    count(edges.add(1, time: start))
    count(edges.add(-1, time: max(start, end)))
  }

  private mutating func count(_ edges: [Int]) {
    for edge in edges {
      inFlight += edge
      mostInFlight = max(mostInFlight, inFlight)
    }
  }
}
