package import FuseProtocol
package import Linux

/// In what way a client's request is not one; each case is one line in the log.
package enum MalformedRequest: Error, Hashable, Sendable {
  /// It cannot be decoded.
  case undecodable(DecodingError)
  /// An operation comes before INIT, or after DESTROY.
  case outsideSession
  /// There is no room for the reply.
  case replyTooSmall
  /// A WRITE comes with less data than it says.
  case dataMissing
  /// "." or ".." is looked up, which only an exported file system would know.
  case dotLookup

  /// What the client gets for it.
  package var errno: Errno {
    switch self {
    case .undecodable(.nameTooLong): .nameTooLong
    case .outsideSession: .inputOutput
    case .undecodable, .replyTooSmall, .dataMissing, .dotLookup: .invalidArgument
    }
  }

  /// Whether the client is at fault: a name that is too long is an honest one's user's.
  var isFault: Bool {
    self != .undecodable(.nameTooLong)
  }
}
