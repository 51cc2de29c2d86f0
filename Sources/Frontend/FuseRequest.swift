package import FuseProtocol

/// A name, a path or a target on its way to a server: any bytes; the NUL is added on the wire.
package struct NameBytes: Hashable, Sendable, ExpressibleByStringLiteral,
  ExpressibleByStringInterpolation
{
  /// Without the NUL.
  package var bytes: [UInt8]

  /// The name of these bytes.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The name of this text's UTF-8.
  package init(_ text: String) {
    bytes = Array(text.utf8)
  }

  /// The name that a literal spells, in UTF-8.
  package init(stringLiteral text: String) {
    self.init(text)
  }
}

/// A FUSE request that has not been sent: what the header says, the arguments, the data, and the
/// room for the reply.
package struct FuseRequest: Sendable {
  /// The operation's number, which need not be one of `Opcode`.
  package var opcode: UInt32
  /// The node in the header.
  package var node: NodeID
  /// What follows the header: structures and names.
  package var arguments: [UInt8]
  /// What follows the arguments, where it lies in the guest's memory: the data of a WRITE.
  package var data: [GuestBuffer] = []
  /// How many bytes of reply there is room for after the header, not counting `replyData`; nothing
  /// if there is no room for a header either, as with FORGET.
  package var replyByteCount: Int?
  /// Where the rest of the reply goes: the data of a READ.
  package var replyData: [GuestBuffer] = []
  /// The caller.
  package var uid: UInt32 = 0
  package var gid: UInt32 = 0
  package var pid: UInt32 = 1
  /// `total_extlen` of the header, in units of eight bytes.
  package var extensionWordCount: UInt16 = 0
  /// The length that the header states, if not the right one.
  package var statedByteCount: UInt32?
  /// The `unique` of the header, if not one of the queue's.
  package var unique: UInt64?
  /// How many bytes of the request are sent, if not all: what a broken driver cuts off.
  package var sentByteCount: Int?

  /// A request with this header and these arguments.
  package init(
    opcode: UInt32, node: NodeID, arguments: [UInt8] = [], replyByteCount: Int? = 0
  ) {
    self.opcode = opcode
    self.node = node
    self.arguments = arguments
    self.replyByteCount = replyByteCount
  }

  /// A request of a known operation.
  package init(
    _ opcode: Opcode, _ node: NodeID, reply replyByteCount: Int? = 0
  ) {
    self.init(opcode: opcode.rawValue, node: node, replyByteCount: replyByteCount)
  }

  /// The request with a structure appended to its arguments.
  package func with(_ value: some WireValue) -> FuseRequest {
    var request = self
    request.arguments.append(wire: value)
    return request
  }

  /// The request with a name and its NUL appended to its arguments.
  package func with(_ name: NameBytes) -> FuseRequest {
    var request = self
    request.arguments += name.bytes
    request.arguments.append(0)
    return request
  }

  /// The request with bytes appended to its arguments.
  package func with(bytes: [UInt8]) -> FuseRequest {
    var request = self
    request.arguments += bytes
    return request
  }

  /// The request with data of the guest's memory after its arguments.
  package func with(data: [GuestBuffer]) -> FuseRequest {
    var request = self
    request.data = data
    return request
  }

  /// The request with room in the guest's memory for the data of its reply.
  package func with(replyData: [GuestBuffer]) -> FuseRequest {
    var request = self
    request.replyData = replyData
    return request
  }

  /// How many bytes header, arguments and data are.
  package var byteCount: Int {
    MemoryLayout<InHeader>.size + arguments.count + data.reduce(0) { $0 + $1.byteCount }
  }

  /// The header, as the queue sends it.
  func header(unique: UInt64) -> InHeader {
    InHeader(
      byteCount: statedByteCount ?? UInt32(truncatingIfNeeded: byteCount), opcode: opcode,
      unique: self.unique ?? unique, node: node, uid: uid, gid: gid, pid: pid,
      extensionWordCount: extensionWordCount)
  }
}
