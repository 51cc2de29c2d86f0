internal import FuseProtocol
internal import Trace

/// Turns the exchanges and events of a capture into lines, as long as they pass a filter.
struct ExchangeLines {
  /// What the lines look like.
  enum Form: Equatable, Sendable {
    case text(isVerbose: Bool, isAbsolute: Bool)
    /// A JSON object each.
    case json
  }

  private let filter: ExchangeFilter
  private let form: Form
  private var context: DescriptionContext

  init(filter: ExchangeFilter, form: Form) {
    self.filter = filter
    self.form = form
    let isBrief: Bool
    if case .text(isVerbose: false, _) = form { isBrief = true } else { isBrief = false }
    context = DescriptionContext(isDetailed: !isBrief || filter.needsDetails)
  }

  /// The line for an exchange or an event, its line end included, and its time.
  ///
  /// - Returns: Nil for one that is not wanted.
  mutating func line(
    of item: CaptureReading.Item, startTime: UInt64
  ) -> (time: UInt64, line: String)? {
    switch item {
    case .event(let record):
      guard !filter.concernsExchanges, accepts(record.time, startTime) else { return nil }
      return (record.time, line(of: record, startTime))
    case .exchange(let exchange):
      if let reply = exchange.reply { context.observe(request: exchange.request, reply: reply) }
      guard accepts(exchange.request.time, startTime), filter.accepts(exchange) else { return nil }
      let request = RequestDescription(exchange.request, context)
      let reply = exchange.reply.map { ReplyDescription($0, to: exchange.request, context) }
      guard filter.accepts(request, reply) else { return nil }
      let line =
        switch form {
        case .json: JSONLine.value(exchange, request, reply, startTime).text + "\n"
        case .text(let isVerbose, _): text(exchange, request, reply, startTime, isVerbose)
        }
      return (exchange.request.time, line)
    }
  }

  /// Remembers what an INIT has agreed on, where exchanges do not come through `line`.
  mutating func observe(_ request: TraceRecord, _ reply: TraceRecord) {
    context.observe(request: request, reply: reply)
  }

  /// An exchange whatever the filter says: an object, or a string with its line.
  func value(of exchange: Exchange, startTime: UInt64, isJSON: Bool) -> JSON {
    let request = RequestDescription(exchange.request, context)
    let reply = exchange.reply.map { ReplyDescription($0, to: exchange.request, context) }
    guard !isJSON else { return JSONLine.value(exchange, request, reply, startTime) }
    return .string(text(exchange, request, reply, startTime, false))
  }

  private func accepts(_ time: UInt64, _ startTime: UInt64) -> Bool {
    filter.accepts(time: time < startTime ? 0 : time - startTime)
  }

  private func line(of event: TraceRecord, _ startTime: UInt64) -> String {
    let description = EventDescription(event)
    guard form != .json else { return JSONLine.text(event, description, startTime) }
    return beginning(of: event, startTime) + "* " + description.text + "\n"
  }

  private func text(
    _ exchange: Exchange, _ request: RequestDescription, _ reply: ReplyDescription?,
    _ startTime: UInt64, _ isVerbose: Bool
  ) -> String {
    var line = beginning(of: exchange.request, startTime)
    request.append(to: &line, width: 12)
    line += " -> "
    if let reply {
      reply.append(to: &line)
    } else {
      line += "unanswered"
    }
    if let nanoseconds = exchange.nanoseconds {
      line += "  "
      line += Quantities.time(Double(nanoseconds))
    }
    line += "\n"
    if isVerbose { VerboseLines.append(exchange, request, reply, to: &line) }
    return line
  }

  /// The time and the vring.
  private func beginning(of record: TraceRecord, _ startTime: UInt64) -> String {
    var line: String
    if case .text(_, isAbsolute: true) = form {
      line = Timestamp.timeOfDay(record.time)
    } else {
      line = Timestamp.sinceStart(record.time, startTime)
    }
    line += "  "
    let vring = TraceWriter.vringName(record.vring)
    line += vring
    for _ in 0..<max(0, 8 - vring.utf8.count) { line += " " }
    line += "  "
    return line
  }
}

extension TraceWriter {
  /// The name of the vring with this index: `hiprio`, `request0` ...
  static func vringName(_ index: UInt16) -> String {
    index == 0 ? "hiprio" : "request\(index - 1)"
  }
}
