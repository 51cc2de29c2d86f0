internal import FuseProtocol
internal import Trace

/// What a request asks for, for people.
///
/// Made from any bytes: what cannot be read of them is said in `fault`, the rest is there.
struct RequestDescription: Equatable, Sendable {
  /// `LOOKUP`, or `OPCODE_` and a number, or `?` without a header.
  var name: String
  /// The header; nothing if the message is shorter than one.
  var header: InHeaderFields?
  /// The arguments, in the order of the wire; of the header only what is left besides.
  var arguments: [Field] = []
  /// What is wrong with the message; nothing for a whole one.
  var fault: String?

  /// The node that the request is about; nothing without a header.
  var node: NodeID? { header?.node }
  /// The operation, if it is one that has a name here.
  var opcode: Opcode? { header.flatMap { Opcode(rawValue: $0.opcode) } }

  /// Describes the message of a request's record.
  init(_ request: TraceRecord, _ context: DescriptionContext) {
    var reader = MessageReader(request.message)
    guard let header = try? reader.read(InHeader.self) else {
      name = "?"
      fault = request.lackFault ?? "\(request.message.count) bytes, less than a header"
      return
    }
    name = Opcode.kernelName(of: header.opcode)
    self.header = InHeaderFields(header)
    var arguments = RequestArguments(request, header, context)
    if let opcode = Opcode(rawValue: header.opcode) {
      do throws(DecodingError) {
        try arguments.read(opcode, &reader)
      } catch {
        fault = error.fault
      }
    } else if reader.remainingCount > 0 {
      arguments.list.add("arguments", .bytes(reader.readRest()))
    }
    fault = request.lackFault ?? fault ?? Self.fault(header, request, reader.remainingCount)
    arguments.list.detail("unique", header.unique)
    arguments.list.detail("uid", header.uid)
    arguments.list.detail("gid", header.gid)
    arguments.list.detail("pid", header.pid)
    self.arguments = arguments.list.fields
  }

  /// What contradicts itself in a request that could be read.
  private static func fault(
    _ header: InHeader, _ request: TraceRecord, _ restCount: Int
  ) -> String? {
    if restCount > 0 { return "\(restCount) bytes left over" }
    if request.readableByteCount != 0, header.byteCount != request.readableByteCount {
      return "len is \(header.byteCount), the chain has \(request.readableByteCount)"
    }
    return request.lengthFault(header.byteCount)
  }

  /// The request in one line: `LOOKUP node=1 name="etc"`.
  var text: String {
    var text = ""
    append(to: &text)
    return text
  }

  /// Appends the request in one line, the name of the operation filled up to `width` columns.
  func append(to text: inout String, width: Int = 0) {
    text += name
    for _ in 0..<max(0, width - name.utf8.count) { text += " " }
    if let node, node.rawValue != 0 {
      text += " node="
      text += String(node.rawValue)
    }
    arguments.append(to: &text, details: false)
    if let fault {
      text += " ["
      text += fault
      text += "]"
    }
  }
}

extension TraceRecord {
  /// Says that a program that shortens captures has taken the end of the message.
  var lackFault: String? {
    missingMessageByteCount == 0 ? nil : "the capture lacks \(missingMessageByteCount) bytes of it"
  }

  /// What is wrong with the length in a header, beside that of the message and its data.
  func lengthFault(_ stated: UInt32) -> String? {
    let actual = message.count + Int(dataByteCount)
    return Int(stated) == actual ? nil : "len is \(stated), there are \(actual) bytes"
  }
}

/// The fields of a request's header that a description keeps.
struct InHeaderFields: Equatable, Sendable {
  /// The number of the operation.
  var opcode: UInt32
  /// What the reply is told apart by.
  var unique: UInt64
  /// The node.
  var node: NodeID

  init(_ header: InHeader) {
    opcode = header.opcode
    unique = header.unique
    node = header.node
  }
}
