internal import FuseProtocol
internal import Trace

/// A line of JSON for an exchange or an event.
///
/// Times are integers of nanoseconds; names are escaped as in the text, so that any bytes can be
/// told from them.
enum JSONLine {
  /// The object of an exchange.
  static func value(
    _ exchange: Exchange, _ request: RequestDescription, _ reply: ReplyDescription?,
    _ startTime: UInt64
  ) -> JSON {
    var members = beginning(of: exchange.request, startTime)
    members.append(("serial", .unsigned(exchange.request.serial)))
    members.append(("head", .integer(Int(exchange.request.head))))
    members.append(("opcode", .string(request.name)))
    members.append(("node", request.node.map { .unsigned($0.rawValue) } ?? .null))
    members.append(("request", request.arguments.json))
    members.append(("latency_ns", exchange.nanoseconds.map { .unsigned($0) } ?? .null))
    members.append(("error", reply?.error.map { .string($0.symbol) } ?? .null))
    members.append(("reply", reply?.answer.json ?? .null))
    if let fault = request.fault { members.append(("request_fault", .string(fault))) }
    if let fault = reply?.fault { members.append(("reply_fault", .string(fault))) }
    return .object(members)
  }

  /// The line of an event.
  static func text(
    _ event: TraceRecord, _ description: EventDescription, _ startTime: UInt64
  ) -> String {
    var members = beginning(of: event, startTime)
    members.append(("event", .string(description.name)))
    members += description.fields.map { ($0.name, $0.value.json) }
    return JSON.object(members).text + "\n"
  }

  private static func beginning(
    of record: TraceRecord, _ startTime: UInt64
  ) -> [(name: String, value: JSON)] {
    let offset = Int(truncatingIfNeeded: record.time &- startTime)
    return [
      ("time_ns", .unsigned(record.time)), ("offset_ns", .integer(offset)),
      ("vring", .string(TraceWriter.vringName(record.vring))),
    ]
  }
}
