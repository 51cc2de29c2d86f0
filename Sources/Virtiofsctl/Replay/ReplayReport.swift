internal import FuseProtocol
internal import Trace

/// What is told of a played capture.
struct ReplayReport {
  let trace: String
  let recording: Recording
  let result: ReplayResult

  /// For people.
  var text: String {
    var text = ""
    for difference in result.differences { text += Self.text(of: difference) }
    let more = result.differentCount - result.differences.count
    if more > 0 {
      text += "... and \(Quantities.count(more)) more that differ\n"
    }
    if !text.isEmpty { text += "\n" }
    text += table
    text += "\n"
    for note in notes { text += note + "\n" }
    text += verdict + "\n"
    return text
  }

  private static func text(of difference: ReplayResult.Difference) -> String {
    let time = Quantities.fixed(Double(difference.time) / 1e9, 6)
    var text = "#\(difference.step + 1) at \(time) s  \(difference.request)\n"
    for field in difference.fields.prefix(20) {
      text += "    \(field.field): \(field.recorded) -> \(field.live)\n"
    }
    if difference.fields.count > 20 {
      text += "    ... and \(difference.fields.count - 20) more fields\n"
    }
    return text
  }

  /// The operations, the most frequent ones first.
  private var operations: [(opcode: UInt32, operation: ReplayResult.Operation)] {
    result.operations.map { ($0.key, $0.value) }.sorted {
      ($1.operation.sent, $0.opcode) < ($0.operation.sent, $1.opcode)
    }
  }

  private var table: String {
    var table = TextTable([
      ("operation", .left), ("requests", .right), ("differ", .right), ("p50 recorded", .right),
      ("p50 live", .right), ("p99 recorded", .right), ("p99 live", .right),
    ])
    for (opcode, operation) in operations {
      func time(_ histogram: LatencyHistogram, _ fraction: Double) -> String {
        histogram.count == 0 ? "-" : Quantities.time(histogram.quantile(fraction))
      }
      table.append([
        Opcode.kernelName(of: opcode), Quantities.count(operation.sent),
        operation.different == 0 ? "-" : Quantities.count(operation.different),
        time(operation.recorded, 0.5), time(operation.live, 0.5),
        time(operation.recorded, 0.99), time(operation.live, 0.99),
      ])
    }
    return table.text
  }

  private var notes: [String] {
    var notes: [String] = []
    let seconds = Double(result.nanoseconds) / 1e9
    let rate = seconds > 0 ? Double(result.sentCount) / seconds : 0
    notes.append(
      "\(Quantities.count(result.sentCount)) of \(Quantities.count(result.requestCount)) requests "
        + "in \(Quantities.time(Double(result.nanoseconds))) (recorded: "
        + "\(Quantities.time(Double(result.recordedNanoseconds)))): "
        + "\(Quantities.count(Int(rate))) requests/s, at most \(result.concurrency) in flight on "
        + "\(result.queueCount) request \(result.queueCount == 1 ? "queue" : "queues")")
    if result.extraLookupCount + result.extraRequestCount > 0 {
      notes.append(
        "beside them \(result.extraLookupCount) LOOKUPs for nodes that had not come up, and "
          + "\(result.extraRequestCount) other requests")
    }
    for omission in ReplayResult.Omission.allCases {
      guard let count = result.omissions[omission] else { continue }
      notes.append("not sent: \(Quantities.count(count)), because \(omission.rawValue)")
    }
    if result.unknownByteCount > 0 {
      notes.append(
        "not compared: \(Quantities.bytes(Double(result.unknownByteCount))) of file data, which "
          + "the capture does not hold")
    }
    return notes + captureNotes
  }

  private var captureNotes: [String] {
    var notes: [String] = []
    func note(_ count: Int, _ words: String) {
      if count > 0 { notes.append("the capture: \(Quantities.count(count)) \(words)") }
    }
    if let offset = recording.cutOffset {
      notes.append("the capture was cut: it is whole up to byte \(offset)")
    }
    note(Int(clamping: recording.droppedCount), "records were dropped while it was made")
    note(recording.unusableCount, "requests are malformed or cut, and were not played")
    note(recording.unansweredCount, "requests have no reply: nothing to compare with")
    note(recording.unmatchedReplyCount, "replies have no request")
    return notes
  }

  private var verdict: String {
    if result.isEqual {
      return "equal: all \(Quantities.count(result.comparedCount)) replies are as recorded"
    }
    return "different: \(Quantities.count(result.differentCount)) of "
      + "\(Quantities.count(result.comparedCount + result.omittedCount)) replies"
  }
}

// For programs.
extension ReplayReport {
  /// Times are in nanoseconds.
  var json: JSON {
    .object([
      ("trace", .string(trace)),
      ("equal", .bool(result.isEqual)),
      ("requests", .integer(result.requestCount)),
      ("sent", .integer(result.sentCount)),
      ("compared", .integer(result.comparedCount)),
      ("different", .integer(result.differentCount)),
      ("not_sent", .object(omissions)),
      ("extra_lookups", .integer(result.extraLookupCount)),
      ("extra_requests", .integer(result.extraRequestCount)),
      ("bytes_read", .integer(result.readByteCount)),
      ("bytes_not_compared", .integer(result.unknownByteCount)),
      ("nanoseconds", .integer(Int(clamping: result.nanoseconds))),
      ("recorded_nanoseconds", .integer(Int(clamping: result.recordedNanoseconds))),
      ("request_queues", .integer(result.queueCount)),
      ("most_in_flight", .integer(result.concurrency)),
      ("cut", .bool(recording.cutOffset != nil)),
      ("records_dropped", .integer(Int(clamping: recording.droppedCount))),
      ("requests_unusable", .integer(recording.unusableCount)),
      ("requests_unanswered", .integer(recording.unansweredCount)),
      ("operations", .array(operations.map(Self.json))),
      ("differences", .array(result.differences.map(Self.json))),
    ])
  }

  private var omissions: [(name: String, value: JSON)] {
    ReplayResult.Omission.allCases.compactMap { omission in
      result.omissions[omission].map { ("\(omission)", .integer($0)) }
    }
  }

  private static func json(
    _ item: (opcode: UInt32, operation: ReplayResult.Operation)
  ) -> JSON {
    func times(_ histogram: LatencyHistogram) -> JSON {
      .object([
        ("count", .integer(histogram.count)), ("p50", .number(histogram.p50)),
        ("p99", .number(histogram.p99)), ("max", .integer(histogram.max)),
      ])
    }
    return .object([
      ("name", .string(Opcode.kernelName(of: item.opcode))),
      ("opcode", .integer(Int(item.opcode))),
      ("sent", .integer(item.operation.sent)),
      ("different", .integer(item.operation.different)),
      ("recorded", times(item.operation.recorded)),
      ("live", times(item.operation.live)),
    ])
  }

  private static func json(_ difference: ReplayResult.Difference) -> JSON {
    .object([
      ("request", .integer(difference.step + 1)),
      ("nanoseconds", .integer(Int(clamping: difference.time))),
      ("words", .string(difference.request)),
      (
        "fields",
        .array(
          difference.fields.map { field in
            .object([
              ("field", .string(field.field)), ("recorded", .string(field.recorded)),
              ("live", .string(field.live)),
            ])
          })
      ),
    ])
  }
}
