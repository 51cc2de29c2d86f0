internal import CLinux

extension Descriptor {
  /// Sleeps until one of `descriptors` can be read, or its peer has gone: poll(2).
  ///
  /// - Returns: For each of them whether that is so.
  package static func waitForInput(_ descriptors: [Descriptor]) throws(Errno) -> [Bool] {
    var watches = descriptors.map {
      pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0)
    }
    // SAFETY: the array lives across the call, and the count is its own.
    _ = try attempt { unsafe poll(&watches, nfds_t(watches.count), -1) }
    return watches.map { $0.revents != 0 }
  }
}
