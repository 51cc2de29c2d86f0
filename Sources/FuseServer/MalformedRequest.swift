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

extension MalformedRequest: CustomStringConvertible {
  package var description: String {
    switch self {
    case .undecodable(let reason): reason.text
    case .outsideSession: "it comes before INIT, or after DESTROY"
    case .replyTooSmall: "there is no room for the reply"
    case .dataMissing: "a WRITE comes with less data than it says"
    case .dotLookup: "it looks up '.' or '..'"
    }
  }
}

extension DecodingError {
  /// What is wrong, for the log.
  fileprivate var text: String {
    switch self {
    case .truncated: "it ends before its arguments do"
    case .unterminatedString: "a name has no end"
    case .invalidName: "a name is empty, '.' or '..', or has a slash in it"
    case .nameTooLong: "a name is longer than a directory entry can be"
    case .malformedExtension: "its extensions contradict their own lengths"
    case .countTooLarge: "a count says that there is more than the request can hold"
    }
  }
}
