internal import FuseProtocol
internal import Linux
internal import Trace

/// Which exchanges are wanted: those that pass every condition that is set.
struct ExchangeFilter {
  /// How a request must have ended.
  enum Outcome: Equatable, Sendable {
    /// With an error, whatever it is.
    case failed
    /// Without an error.
    case succeeded
    /// With this error.
    case error(Int32)
  }

  /// The numbers of the operations.
  var opcodes: Set<UInt32> = []
  /// Any of these.
  var outcomes: [Outcome] = []
  /// A node that the request or its reply speaks of.
  var node: UInt64?
  /// A part of a name that the request or its reply speaks of.
  var name: [UInt8] = []
  /// A shorter latency is not wanted, in nanoseconds.
  var shortestNanoseconds: UInt64?
  /// Whether only requests without a reply are wanted.
  var isUnanswered = false
  /// From when to when a request may have been taken, in nanoseconds since the beginning.
  var firstTime: UInt64 = 0
  var lastTime: UInt64 = .max

  /// Whether a condition is set that only an exchange can pass; events are not wanted then.
  var concernsExchanges: Bool {
    !opcodes.isEmpty || !outcomes.isEmpty || node != nil || !name.isEmpty
      || shortestNanoseconds != nil || isUnanswered
  }

  /// Whether the descriptions must have all their fields for `accepts(_:_:)`.
  var needsDetails: Bool {
    node != nil || !name.isEmpty
  }

  /// Whether a time, in nanoseconds since the beginning, is wanted.
  func accepts(time: UInt64) -> Bool {
    firstTime <= time && time <= lastTime
  }

  /// Whether an exchange passes all that can be told without describing it.
  func accepts(_ exchange: Exchange) -> Bool {
    if isUnanswered, exchange.reply != nil { return false }
    if let shortestNanoseconds {
      guard let latency = exchange.nanoseconds, latency >= shortestNanoseconds else { return false }
    }
    if !opcodes.isEmpty {
      guard let opcode = exchange.request.opcode, opcodes.contains(opcode) else { return false }
    }
    guard !outcomes.isEmpty else { return true }
    guard let reply = exchange.reply else { return false }
    return outcomes.contains { $0.accepts(reply.errorNumber) }
  }

  /// Whether what an exchange is about is wanted.
  func accepts(_ request: RequestDescription, _ reply: ReplyDescription?) -> Bool {
    guard needsDetails else { return true }
    let answer = reply?.answer ?? []
    if let node {
      let isOfHeader = request.node?.rawValue == node
      guard isOfHeader || request.arguments.mentions(node: node) || answer.mentions(node: node)
      else { return false }
    }
    guard !name.isEmpty else { return true }
    return request.arguments.mentions(name: name) || answer.mentions(name: name)
  }
}

extension ExchangeFilter.Outcome {
  /// Whether an error number, 0 for none, is this outcome.
  fileprivate func accepts(_ number: Int32) -> Bool {
    switch self {
    case .failed: number != 0
    case .succeeded: number == 0
    case .error(let wanted): number == wanted
    }
  }
}

extension TraceRecord {
  /// The error number of a reply, positive; 0 for none, and for a reply without a header.
  var errorNumber: Int32 {
    var reader = MessageReader(message)
    guard let header = try? reader.read(OutHeader.self) else { return 0 }
    return header.error == .min ? .max : -header.error
  }
}

extension [Field] {
  /// Whether a field, or one of a record among them, is that node.
  fileprivate func mentions(node: UInt64) -> Bool {
    contains { field in
      switch field.value {
      case .number(let number): number == node && Self.nodeFields.contains(field.name)
      case .records(let records): records.contains { $0.mentions(node: node) }
      case .signed, .octal, .hexadecimal, .flags, .word, .name, .bytes, .names: false
      }
    }
  }

  private static var nodeFields: [String] { ["node", "newdir", "oldnode", "node_out"] }

  /// Whether a name among the fields has `part` in it.
  fileprivate func mentions(name part: [UInt8]) -> Bool {
    contains { field in
      switch field.value {
      case .name(let name): name.has(part)
      case .names(let names, _): names.contains { $0.has(part) }
      case .number, .signed, .octal, .hexadecimal, .flags, .word, .bytes, .records: false
      }
    }
  }
}

extension [UInt8] {
  /// Whether `part` stands somewhere in these bytes.
  fileprivate func has(_ part: [UInt8]) -> Bool {
    guard count >= part.count else { return false }
    return (0...count - part.count).contains { self[$0..<$0 + part.count].elementsEqual(part) }
  }
}
