package import Virtqueue

/// Something that whoever runs the daemon may want to know.
package enum SessionEvent: Sendable {
  /// A request of the front-end was refused.
  case refused(Message, SessionError)
  /// A vring saw what a driver must not do, and is not served until it is set up anew.
  case vringBroken(index: Int, ChainError)
  /// A changed memory table has no place for a running vring.
  case vringUnmapped(index: Int)
  /// A vring's thread waits and does I/O with io_uring, or without.
  case vringReady(index: Int, usesRing: Bool)
}

/// Takes events, from any thread.
package typealias SessionObserver = @Sendable (SessionEvent) -> Void
