package import Linux

/// What can go wrong on the front-end's side of the socket and the driver's side of a ring.
package enum FrontEndError: Error, Equatable, Sendable {
  /// A system call of ours failed.
  case system(Errno)
  /// What was waited for did not come before the deadline.
  case timedOut(Wait)
  /// The back-end closed the connection.
  case disconnected
  /// A reply is not what the specification says that it is.
  case malformedReply(to: UInt32)
  /// The back-end answered a message that asked for an acknowledgement (REPLY_ACK) with failure.
  case refused(FrontEndRequest)
  /// The back-end does not offer what was asked of it.
  case notOffered
  /// The device broke a rule of the ring or of FUSE.
  case violation(Violation)
  /// The device signalled the vring's error descriptor.
  case vringBroken
  /// No descriptor of the ring is free.
  case ringFull
  /// The guest's memory is used up.
  case outOfGuestMemory
  /// The FUSE reply carries this error.
  case reply(Errno)
}

/// What a deadline was set for.
package enum Wait: Equatable, Sendable {
  case connecting
  case sending
  case replying(UInt32)
  case completing
}

/// Rules of the device's side; each is checked on every element it returns.
package enum Violation: Equatable, Sendable {
  /// `used.idx` went past what is outstanding.
  case usedIndex(UInt16)
  /// An element whose head is not outstanding, or not a descriptor.
  case usedElement(UInt32)
  /// An element says that more was written than there was room for.
  case usedLength(UInt32)
  /// Elements were returned, and no call came though one was asked for.
  case missingCall
  /// The header's length is not the element's.
  case replyLength(header: UInt32, used: UInt32)
  /// The reply is to another request.
  case replyUnique(UInt64)
  /// The error is positive, below -511, or comes with data.
  case replyError(Int32)
  /// A request that has no reply was answered.
  case unexpectedReply
  /// The reply is shorter or longer than its structure.
  case replyBody(Int)
}

/// Makes a system call and says in this module's words what it fails with.
@inline(__always)
func system<R: ~Copyable>(_ call: () throws(Errno) -> R) throws(FrontEndError) -> R {
  do {
    return try call()
  } catch {
    throw .system(error)
  }
}
