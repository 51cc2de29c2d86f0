internal import FuseProtocol
internal import Linux
internal import Trace

/// What a request was answered with, for people.
///
/// Made from any bytes: what cannot be read of them is said in `fault`, the rest is there.
struct ReplyDescription: Equatable, Sendable {
  /// The error of the header; nothing for success, and where there is no header.
  var error: Errno?
  /// Whether there is a header: FORGET and INTERRUPT are answered without any.
  var hasHeader = false
  /// Whether the end of the message is missing in the capture.
  var isShortened = false
  /// The answer, in the order of the wire.
  var answer: [Field] = []
  /// What is wrong with the message; nothing for a whole one.
  var fault: String?

  /// Describes the message of a reply's record; its meaning depends on the request.
  init(_ reply: TraceRecord, to request: TraceRecord, _ context: DescriptionContext) {
    var requestReader = MessageReader(request.message)
    let requestHeader = try? requestReader.read(InHeader.self)
    let opcode = requestHeader.flatMap { Opcode(rawValue: $0.opcode) }
    isShortened = reply.missingMessageByteCount > 0
    guard !reply.message.isEmpty else {
      fault = reply.lackFault
      if fault == nil, let opcode, !opcode.hasNoReply { fault = "no header" }
      return
    }
    var reader = MessageReader(reply.message)
    guard let header = try? reader.read(OutHeader.self) else {
      fault = reply.lackFault ?? "\(reply.message.count) bytes, less than a header"
      return
    }
    hasHeader = true
    var list = FieldList(isDetailed: context.isDetailed)
    if header.error != 0 {
      // A positive number is no error of the protocol, and the least has no opposite.
      error = Errno(rawValue: header.error == .min ? .max : -header.error)
      if header.error > 0 { fault = "the error is positive" }
    } else {
      var answer = ReplyAnswer(reply, to: requestReader, list: list)
      do throws(DecodingError) {
        try answer.read(opcode, &reader)
      } catch {
        fault = error.fault
      }
      list = answer.list
    }
    fault =
      reply.lackFault ?? fault ?? Self.fault(header, requestHeader, reply, reader.remainingCount)
    list.detail("unique", header.unique)
    answer = list.fields
  }

  /// What contradicts itself in a reply that could be read.
  private static func fault(
    _ header: OutHeader, _ requestHeader: InHeader?, _ reply: TraceRecord, _ restCount: Int
  ) -> String? {
    if restCount > 0 { return "\(restCount) bytes left over" }
    if reply.writableByteCount != 0, header.byteCount != reply.writableByteCount {
      return "len is \(header.byteCount), \(reply.writableByteCount) were written"
    }
    if let requestHeader, header.unique != requestHeader.unique {
      return "it answers unique \(header.unique)"
    }
    return reply.lengthFault(header.byteCount)
  }

  /// The reply in one line: `ENOENT`, `ok`, `node=2 mode=0100644 size=5`.
  var text: String {
    var text = ""
    append(to: &text)
    return text
  }

  /// Appends the reply in one line.
  func append(to text: inout String) {
    if let error {
      text += error.symbol
    } else if !hasHeader {
      text += isShortened ? "?" : "no reply"
    } else {
      var fields = ""
      answer.append(to: &fields, details: false)
      text += !fields.isEmpty ? String(fields.dropFirst()) : isShortened ? "?" : "ok"
    }
    if let fault {
      text += " ["
      text += fault
      text += "]"
    }
  }
}

extension Errno {
  /// The name in the C header, or `error` and the number where there is none.
  var symbol: String {
    name ?? "error \(rawValue)"
  }
}
