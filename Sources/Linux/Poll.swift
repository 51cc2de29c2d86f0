internal import CLinux

extension Descriptor {
  /// Sleeps until one of `descriptors` has something to read, or its other end has gone.
  ///
  /// - Returns: For each of them whether it has. All false if a signal ended the sleep.
  package static func waitUntilReadable(_ descriptors: [Descriptor]) -> [Bool] {
    var entries = descriptors.map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
    // SAFETY: the array lives through the call.
    let ready = unsafe poll(&entries, nfds_t(entries.count), -1)
    return entries.map { ready > 0 && $0.revents != 0 }
  }
}
