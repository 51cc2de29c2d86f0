internal import CLinux

/// An eventfd: a counter that a thread can sleep on.
package struct EventDescriptor: ~Copyable, Sendable {
  private let descriptor: OwnedDescriptor

  /// A new eventfd, nonblocking, with the counter 0.
  package init() throws(Errno) {
    descriptor = OwnedDescriptor(
      taking: try attempt { eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)) })
  }

  package var borrowed: Descriptor {
    descriptor.borrowed
  }

  /// Adds one.
  package borrowing func signal() {
    descriptor.borrowed.signalEvent()
  }

  /// Sets the counter to 0.
  package borrowing func clear() {
    descriptor.borrowed.clearEvent()
  }
}

extension Descriptor {
  /// Adds one to an eventfd, or writes eight bytes into a pipe: both serve as call descriptors.
  ///
  /// Never blocks on an eventfd short of its counter's overflow; errors do not matter, because the
  /// other end may have gone.
  package func signalEvent() {
    var one: UInt64 = 1
    // SAFETY: write(2) reads the eight bytes of `one` during the call.
    _ = unsafe CLinux.write(rawValue, &one, 8)
  }

  /// Takes what an eventfd or pipe has to read; the descriptor must be nonblocking.
  package func clearEvent() {
    var count: UInt64 = 0
    // SAFETY: read(2) stores at most the eight bytes of `count` during the call.
    _ = unsafe CLinux.read(rawValue, &count, 8)
  }

  /// Makes reads and writes of the open file fail with EAGAIN rather than wait.
  package func setNonblocking() throws(Errno) {
    let flags = try attempt { swift_fcntl(rawValue, F_GETFL, 0) }
    guard flags & O_NONBLOCK == 0 else { return }
    _ = try attempt { swift_fcntl(rawValue, F_SETFL, Int(flags | O_NONBLOCK)) }
  }
}

/// A descriptor with several owners; the last one closes it.
package final class SharedDescriptor: Sendable {
  private let owned: OwnedDescriptor

  package init(_ owned: consuming OwnedDescriptor) {
    self.owned = owned
  }

  package var borrowed: Descriptor {
    owned.borrowed
  }
}
