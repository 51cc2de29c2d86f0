package import Linux

extension Errno {
  /// What a view that must not wait throws for an operation that may, before it has begun:
  /// `ERESTARTSYS`, which no system call fails with.
  package static let mustWait = Errno(rawValue: 512)

  /// This error, or one that may stand for it in a reply.
  ///
  /// A client takes numbers from 1 to 511 only. ENOSYS makes it give up an operation until it is
  /// mounted again, so the host's is said as "not supported here". EINTR would end a call that no
  /// signal has interrupted.
  var visibleToClient: Errno {
    switch self {
    case .notImplemented: .notSupported
    case .interrupted: .inputOutput
    case _ where (1...511).contains(rawValue): self
    case _: .inputOutput
    }
  }
}
