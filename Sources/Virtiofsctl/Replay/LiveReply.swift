internal import Frontend
internal import FuseProtocol

/// What a back-end answered while a capture is played.
struct LiveReply: Sendable {
  /// 0 for success; nil if there is no header, as for FORGET.
  var error: Int32?
  /// What follows the header, short of file data.
  var body: [UInt8]
  /// File data: of READ.
  var data: [UInt8] = []

  /// Whether there is a header without an error.
  var hasSucceeded: Bool { error == 0 }

  /// The structure that the body begins with, of a reply that is no error.
  func answer<T: WireValue>(_ type: T.Type = T.self, at offset: Int = 0) -> T? {
    hasSucceeded ? body.wire(type, at: offset) : nil
  }

  /// The object of a reply that brings one; nil for an error and for an entry that says "none".
  var entry: EntryOut? {
    guard let entry: EntryOut = answer(), entry.node.rawValue != 0 else { return nil }
    return entry
  }
}

extension LiveReply {
  /// The reply that a queue handed out.
  init(_ reply: FuseReply) {
    error = reply.header?.error
    body = reply.body
  }
}
