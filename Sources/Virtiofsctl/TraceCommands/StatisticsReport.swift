internal import Trace

/// What `trace stat` tells: for people, and for programs.
struct StatisticsReport {
  /// The capture's file.
  let file: String
  /// The program that wrote it.
  let application: String
  /// When the first record was made and when the last, in nanoseconds since 1970.
  let start: UInt64
  let end: UInt64
  /// How many records are missing.
  let droppedCount: UInt64
  /// Whether the file ends too early.
  let isCut: Bool
  let statistics: CaptureStatistics
  /// The slowest exchanges: objects, or strings with a line each.
  let slowest: [JSON]

  private var nanoseconds: UInt64 { end >= start ? end - start : 0 }

  private var requestsPerSecond: Double {
    nanoseconds == 0 ? 0 : Double(statistics.total.count) / Double(nanoseconds) * 1e9
  }

  /// The report for people.
  var text: String {
    summary + "\n" + operations + errors + histogram + slowestLines
  }

  private var summary: String {
    let total = statistics.total
    let rate = Quantities.count(Int(requestsPerSecond.rounded()))
    let program = application.isEmpty ? "" : ", by \(EscapedText.text(application))"
    var lines = [
      "capture    \(EscapedText.text(file))\(program)",
      "time       \(Timestamp.timeOfDay(start)), \(Quantities.time(Double(nanoseconds)))",
      "requests   \(Quantities.count(total.count)), \(rate) a second, "
        + "at most \(Quantities.count(statistics.mostInFlight)) at a time",
      "failed     \(Quantities.count(total.failedCount))",
      "unanswered \(Quantities.count(total.unansweredCount))",
      "file data  \(Quantities.bytes(Double(statistics.readBytes))) read, "
        + "\(Quantities.bytes(Double(statistics.writtenBytes))) written",
      "dropped    \(Quantities.count(Int(clamping: droppedCount))) records",
    ]
    if isCut { lines.append("cut        the file ends in the middle of a record") }
    return lines.map { $0 + "\n" }.joined()
  }

  private var operations: String {
    var table = TextTable([
      ("operation", .left), ("count", .right), ("errors", .right), ("p50", .right),
      ("p99", .right), ("max", .right), ("request bytes", .right), ("reply bytes", .right),
    ])
    for (name, operation) in statistics.byFrequency { table.append(Self.cells(name, operation)) }
    table.append(Self.cells("all", statistics.total))
    return table.text
  }

  private static func cells(_ name: String, _ operation: OperationStatistics) -> [String] {
    let latency = operation.latency
    let times = [latency.p50, latency.p99, Double(latency.max)].map {
      latency.count == 0 ? "-" : Quantities.time($0)
    }
    return [name, Quantities.count(operation.count), Quantities.count(operation.failedCount)]
      + times
      + [operation.requestBytes, operation.replyBytes].map { Quantities.bytes(Double($0)) }
  }

  private var errors: String {
    let lines = statistics.byFrequency.filter { $0.statistics.failedCount > 0 }.map { operation in
      let errors = operation.statistics.errorsByFrequency.map {
        "\($0.name) \(Quantities.count($0.count))"
      }
      return "  \(operation.name): \(errors.joined(separator: ", "))\n"
    }
    return lines.isEmpty ? "" : "\nerrors\n" + lines.joined()
  }

  private var histogram: String {
    let latency = statistics.total.latency
    let buckets = latency.buckets()
    guard let most = buckets.map(\.count).max(), most > 0 else { return "" }
    let lines = buckets.map { bucket in
      let limit = Quantities.time(Double(bucket.upper))
      let width = (bucket.count * 50 + most - 1) / most
      let bar = String(repeating: "#", count: width) + String(repeating: " ", count: 50 - width)
      let part = Quantities.fixed(Double(bucket.count) / Double(latency.count) * 100, 1)
      return [limit, bar, Quantities.count(bucket.count), part + " %"]
    }
    var table = TextTable([("below", .right), ("", .left), ("count", .right), ("", .right)])
    for line in lines { table.append(line) }
    return "\nlatency\n" + table.text
  }

  private var slowestLines: String {
    guard !slowest.isEmpty else { return "" }
    return "\nslowest\n"
      + slowest.map { value in
        guard case .string(let line) = value else { return "" }
        return line
      }
      .joined()
  }
}

extension StatisticsReport {
  /// The report for programs: times in nanoseconds.
  var json: JSON {
    let total = statistics.total
    return .object([
      ("file", .string(EscapedText.text(file))),
      ("application", .string(EscapedText.text(application))),
      ("start_ns", .unsigned(start)), ("duration_ns", .unsigned(nanoseconds)),
      ("requests", .integer(total.count)), ("requests_per_second", .number(requestsPerSecond)),
      ("most_in_flight", .integer(statistics.mostInFlight)),
      ("failed", .integer(total.failedCount)), ("unanswered", .integer(total.unansweredCount)),
      ("read_bytes", .unsigned(statistics.readBytes)),
      ("written_bytes", .unsigned(statistics.writtenBytes)),
      ("dropped", .unsigned(droppedCount)), ("cut", .bool(isCut)),
      ("latency_ns", Self.latency(total.latency)),
      (
        "operations",
        .array(
          statistics.byFrequency.map { Self.operation($0.name, $0.statistics) })
      ),
      (
        "histogram",
        .array(
          total.latency.buckets().map {
            .object([
              ("from_ns", .integer($0.lower)), ("below_ns", .integer($0.upper)),
              ("count", .integer($0.count)),
            ])
          })
      ),
      ("slowest", .array(slowest)),
    ])
  }

  private static func operation(_ name: String, _ operation: OperationStatistics) -> JSON {
    .object([
      ("opcode", .string(name)), ("count", .integer(operation.count)),
      ("failed", .integer(operation.failedCount)),
      ("errors", .object(operation.errorsByFrequency.map { ($0.name, .integer($0.count)) })),
      ("unanswered", .integer(operation.unansweredCount)),
      ("latency_ns", latency(operation.latency)),
      ("request_bytes", .unsigned(operation.requestBytes)),
      ("reply_bytes", .unsigned(operation.replyBytes)),
    ])
  }

  private static func latency(_ latency: LatencyHistogram) -> JSON {
    guard latency.count > 0 else { return .null }
    return .object([
      ("min", .integer(latency.min)), ("mean", .number(latency.mean)),
      ("p50", .number(latency.p50)), ("p99", .number(latency.p99)),
      ("p999", .number(latency.p999)), ("max", .integer(latency.max)),
    ])
  }
}
