import Frontend
import FuseProtocol
import Trace

@testable import Virtiofsctl

/// Bytes as they travel, put together from structures and names.
struct Wire {
  var bytes: [UInt8] = []

  init(_ parts: Wire...) {
    for part in parts { bytes += part.bytes }
  }

  /// Bytes as they are.
  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A structure's bytes.
  static func value(_ value: some WireValue) -> Wire {
    var wire = Wire()
    wire.bytes.append(wire: value)
    return wire
  }

  /// Numbers of four bytes.
  static func words(_ numbers: UInt32...) -> Wire {
    var wire = Wire()
    for number in numbers { wire.bytes.append(wire: number) }
    return wire
  }

  /// Numbers of eight bytes.
  static func longs(_ numbers: UInt64...) -> Wire {
    var wire = Wire()
    for number in numbers { wire.bytes.append(wire: number) }
    return wire
  }

  /// A text and its NUL.
  static func name(_ name: String) -> Wire {
    Wire(bytes: Array(name.utf8) + [0])
  }
}

/// The record of a request with these arguments.
func request(
  _ opcode: Opcode, node: UInt64 = 1, _ arguments: Wire = Wire(), unique: UInt64 = 2,
  extensionWords: UInt16 = 0
) -> TraceRecord {
  request(
    number: opcode.rawValue, node: node, arguments, unique: unique, extensionWords: extensionWords)
}

/// The record of a request of an operation that need not have a name.
func request(
  number: UInt32, node: UInt64 = 1, _ arguments: Wire = Wire(), unique: UInt64 = 2,
  extensionWords: UInt16 = 0
) -> TraceRecord {
  let byteCount = UInt32(40 + arguments.bytes.count)
  let header = InHeader(
    byteCount: byteCount, opcode: number, unique: unique, node: NodeID(rawValue: node),
    uid: 1000, gid: 100, pid: 7, extensionWordCount: extensionWords)
  return TraceRecord(
    time: 0, kind: .request, vring: 1, serial: unique, readableByteCount: byteCount,
    message: Wire(.value(header), arguments).bytes)
}

/// The record of a reply with this answer.
func reply(_ answer: Wire = Wire(), error: Int32 = 0, unique: UInt64 = 2) -> TraceRecord {
  let byteCount = UInt32(16 + answer.bytes.count)
  let header = OutHeader(byteCount: byteCount, error: error, unique: unique)
  return TraceRecord(
    time: 0, kind: .reply, vring: 1, serial: unique, writableByteCount: byteCount,
    message: Wire(.value(header), answer).bytes)
}

extension TraceRecord {
  /// The record with file data, all of it or the beginning.
  func withData(_ data: [UInt8], of byteCount: Int? = nil, digest: UInt64 = 0xabc) -> TraceRecord {
    var record = self
    record.data = data
    record.dataByteCount = UInt32(byteCount ?? data.count)
    record.digest = digest
    if kind == .request {
      record.readableByteCount += record.dataByteCount
    } else {
      record.writableByteCount += record.dataByteCount
    }
    // The length stands at the beginning of either header.
    let length = Wire.words(kind == .request ? record.readableByteCount : record.writableByteCount)
    record.message.replaceSubrange(0..<4, with: length.bytes)
    return record
  }
}

/// A request in one line.
func text(_ request: TraceRecord, flags: InitFlags? = nil) -> String {
  RequestDescription(request, DescriptionContext(flags: flags)).text
}

/// The answer to a request in one line.
func text(_ reply: TraceRecord, to request: TraceRecord) -> String {
  ReplyDescription(reply, to: request, DescriptionContext()).text
}
