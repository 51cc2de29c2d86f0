internal import CLinux

extension Descriptor {
  /// Takes what an eventfd has counted, 0 if nothing; it must be nonblocking.
  package func takeEventCount() -> Int {
    var count: UInt64 = 0
    // SAFETY: read(2) stores at most the eight bytes of `count` during the call.
    let result = unsafe CLinux.read(rawValue, &count, 8)
    return result == 8 ? Int(clamping: count) : 0
  }

  /// Waits until one of two descriptors has something to read, or the other end of `peer` closes.
  ///
  /// As `pollInput`, without an allocation: for what happens at every wake-up.
  ///
  /// - Returns: Which, as bits in their order; 0 after `milliseconds` or a signal.
  package static func pollInput(
    _ first: Descriptor, _ second: Descriptor, peer: Descriptor, milliseconds: Int32
  ) throws(Errno) -> Int {
    var polled: [3 of pollfd] = [
      pollfd(fd: first.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: second.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: peer.rawValue, events: 0, revents: 0),
    ]
    var span = polled.mutableSpan
    // SAFETY: the count is the array's, which lives through the call.
    let ready = unsafe span.withUnsafeMutableBufferPointer { buffer in
      unsafe CLinux.poll(buffer.baseAddress, nfds_t(buffer.count), milliseconds)
    }
    guard ready >= 0 else {
      let code = swift_errno()
      if code == EINTR { return 0 }
      throw Errno(rawValue: code)
    }
    var mask = 0
    for index in 0..<3 where polled[index].revents != 0 { mask |= 1 << index }
    return mask
  }

  /// The process at the other end of a local socket, as it was when the socket began to listen or
  /// was connected (`SO_PEERCRED`).
  package func peerProcess() throws(Errno) -> Int32 {
    var credentials = ucred()
    var length = socklen_t(MemoryLayout<ucred>.size)
    _ = try attempt {
      // SAFETY: both out-parameters live through the call and have the sizes given.
      unsafe getsockopt(rawValue, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
    }
    return credentials.pid
  }
}
