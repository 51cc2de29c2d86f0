import FuseProtocol
import FuseServer
import Linux
import Synchronization

extension [UInt8] {
  /// The bytes, borrowed.
  var raw: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: bytes have no padding; the span borrows the array.
      unsafe span.bytes
    }
  }

  /// A structure's bytes.
  static func of<T: WireValue>(_ value: T) -> [UInt8] {
    // SAFETY: the buffer is read while the value lives, and a wire structure has no padding.
    unsafe Swift.withUnsafeBytes(of: value) { unsafe Array($0) }
  }

  /// A string's bytes and its NUL.
  static func name(_ name: String) -> [UInt8] {
    Array(name.utf8) + [0]
  }

  init(copying span: RawSpan) {
    self = []
    var reader = WireReader(span)
    while let byte = try? reader.read(UInt8.self) { append(byte) }
  }

  /// The structure at `offset`, or nil if there is not so much.
  func value<T: WireValue>(_ type: T.Type = T.self, at offset: Int = 0) -> T? {
    var reader = WireReader(raw)
    _ = try? reader.readBytes(offset)
    return try? reader.read(type)
  }
}

/// The text of a name's bytes.
func text(_ name: borrowing Name) -> String {
  String(decoding: [UInt8](copying: name.bytes), as: UTF8.self)
}

/// A client of a dispatcher: sends requests and takes the replies apart.
struct Client {
  let files = FakeFileSystem()
  let session: Session
  let reported: Reported
  private let dispatcher: Dispatcher<FakeFileSystem>

  /// What became of a request.
  struct Answer {
    var outcome: Outcome
    /// The header and what follows it, unless the request was deferred or has no reply.
    var header: OutHeader?
    var body: [UInt8] = []

    var error: Int32? { header?.error }
    var isUnanswered: Bool {
      if case .noReply = outcome { true } else { false }
    }
    var deferred: DeferredCall? {
      if case .deferred(let call) = outcome { call } else { nil }
    }
  }

  /// The kinds of malformed requests that were reported.
  final class Reported: Sendable {
    let kinds = Mutex<[MalformedRequest]>([])
  }

  init(established: Bool = true, flags: InitFlags = [], mayWait: Bool = true) {
    let reported = Reported()
    self.reported = reported
    session = Session { kind in reported.kinds.withLock { $0.append(kind) } }
    dispatcher = Dispatcher(files: files, session: session)
    files.mayWait = mayWait
    if established { session.begin(Agreement(minor: 46, flags: flags)) {} }
  }

  func send(
    _ opcode: Opcode, _ body: [UInt8] = [], data: Int = 0, node: NodeID = .root,
    room: Int = 8192, capacity: Int = 65536
  ) -> Answer {
    send(number: opcode.rawValue, body, data: data, node: node, room: room, capacity: capacity)
  }

  func send(
    number: UInt32, _ body: [UInt8] = [], data: Int = 0, node: NodeID = .root, room: Int = 8192,
    capacity: Int = 65536
  ) -> Answer {
    let header = InHeader(
      byteCount: UInt32(40 + body.count + data), opcode: number, unique: 0x1234, node: node,
      uid: 7, gid: 8)
    var reply = ReplyBuffer(capacity: capacity)
    reply.begin(unique: header.unique, limit: room)
    let outcome = dispatcher.serve(header, body: body.raw, dataByteCount: data, reply: &reply)
    guard case .replied = outcome else { return Answer(outcome: outcome) }
    let bytes = [UInt8](copying: reply.bytes)
    return Answer(outcome: outcome, header: bytes.value(), body: Array(bytes.dropFirst(16)))
  }
}
