internal import FuseProtocol
internal import Trace

/// What a message cannot be described without, besides itself.
struct DescriptionContext: Sendable {
  /// What INIT agreed on, which decides some layouts; nothing as long as that is not known, when
  /// the layout that fits the message is taken.
  var flags: InitFlags?
  /// Whether details are wanted: they take time and room.
  var isDetailed: Bool

  /// A context before INIT.
  init(flags: InitFlags? = nil, isDetailed: Bool = false) {
    self.flags = flags
    self.isDetailed = isDetailed
  }

  /// Remembers what an INIT has agreed on; other exchanges change nothing.
  mutating func observe(request: TraceRecord, reply: TraceRecord) {
    let headerByteCount = MemoryLayout<OutHeader>.size
    guard request.opcode == Opcode.`init`.rawValue, reply.message.count > headerByteCount else {
      return
    }
    var reader = MessageReader(reply.message)
    guard let header = try? reader.read(OutHeader.self), header.error == 0,
      let answer = try? reader.readInitOut()
    else { return }
    flags = InitFlags(flags: answer.flagsLow, flags2: answer.flagsHigh)
  }
}

extension TraceRecord {
  /// The number of the operation that a request is of; nil if the message is no request's.
  var opcode: UInt32? {
    guard kind == .request else { return nil }
    var reader = MessageReader(message)
    return (try? reader.read(InHeader.self))?.opcode
  }
}

extension MessageReader {
  /// Consumes the reply to INIT, whose older forms end earlier.
  mutating func readInitOut() throws(DecodingError) -> InitOut {
    if remainingCount >= MemoryLayout<InitOut>.size { return try read() }
    var answer = InitOut(major: try read(), minor: try read())
    guard remainingCount >= 16 else { return answer }
    answer.maximumReadahead = try read()
    answer.flagsLow = try read()
    answer.maximumBackground = try read()
    answer.congestionThreshold = try read()
    answer.maximumWrite = try read()
    return answer
  }
}

extension DecodingError {
  /// What is wrong with a message, for people.
  var fault: String {
    switch self {
    case .truncated: "ends too early"
    case .unterminatedString: "a name without end"
    case .invalidName: "a name that cannot be"
    case .nameTooLong: "a name that is too long"
    case .malformedExtension: "malformed extensions"
    case .countTooLarge: "a count that is too large"
    }
  }
}
