internal import CLinux

/// Descriptors of which a thread waits for any one to become readable: `epoll(7)`.
package struct ReadinessSet: ~Copyable {
  /// When a descriptor is reported.
  package enum Interest: Sendable {
    /// As long as it is readable.
    case level
    /// Once each time that something arrives: it need not be read.
    case edge
    /// As long as it is readable, and of several sleeping threads that wait for the same thing
    /// only as many as are needed wake.
    case exclusive
  }

  private let epoll: OwnedDescriptor

  /// A set without descriptors.
  package init() throws(Errno) {
    epoll = OwnedDescriptor(taking: try attempt { epoll_create1(Int32(EPOLL_CLOEXEC)) })
  }

  /// Reports `descriptor` as bit `token`, which is below 32, from now on.
  package borrowing func add(
    _ descriptor: Descriptor, token: UInt32, _ interest: Interest
  ) throws(Errno) {
    precondition(token < 32, "no bit for it")
    let flags: UInt32 =
      switch interest {
      case .level: 0
      case .edge: swift_epoll_edge
      case .exclusive: swift_epoll_exclusive
      }
    let set = epoll.borrowed.rawValue
    _ = try attempt { swift_epoll_add(set, descriptor.rawValue, token, flags) }
  }

  /// Reports `descriptor` no more.
  package borrowing func remove(_ descriptor: Descriptor) throws(Errno) {
    let set = epoll.borrowed.rawValue
    _ = try attempt { swift_epoll_remove(set, descriptor.rawValue) }
  }

  /// Sleeps until a descriptor is readable, has failed, or its other end is closed.
  ///
  /// - Returns: Which, as bits; 0 after `milliseconds`, of which -1 means no end, or at a signal.
  package borrowing func wait(milliseconds: Int32) throws(Errno) -> UInt32 {
    var ready: UInt32 = 0
    // SAFETY: the number lives through the call, which stores the bits in it.
    let count = unsafe swift_epoll_wait(epoll.borrowed.rawValue, milliseconds, &ready)
    guard count >= 0 else {
      let code = swift_errno()
      if code == EINTR { return 0 }
      throw Errno(rawValue: code)
    }
    return ready
  }
}
