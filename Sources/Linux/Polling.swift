internal import CLinux

extension Descriptor {
  /// Waits until something can be read from one of `descriptors`, or its other end is closed; or
  /// until the other end of `peer` is closed, whatever it has to read.
  ///
  /// - Returns: Which, as bits in their order, `peer` last; 0 after `milliseconds`, of which -1
  ///   means no end. An interruption by a signal is an early end.
  package static func pollInput(
    _ descriptors: [Descriptor], peer: Descriptor? = nil, milliseconds: Int32
  ) throws(Errno) -> Int {
    var polled = descriptors.map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
    if let peer { polled.append(pollfd(fd: peer.rawValue, events: 0, revents: 0)) }
    return try poll(&polled, milliseconds: milliseconds)
  }

  /// Waits until more can be written; false after `milliseconds`.
  package func pollRoom(milliseconds: Int32) throws(Errno) -> Bool {
    var polled = [pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)]
    return try Descriptor.poll(&polled, milliseconds: milliseconds) != 0
  }

  private static func poll(
    _ polled: inout [pollfd], milliseconds: Int32
  ) throws(Errno) -> Int {
    // SAFETY: the count is the array's, which lives through the call.
    let ready = unsafe CLinux.poll(&polled, nfds_t(polled.count), milliseconds)
    guard ready >= 0 else {
      let code = swift_errno()
      if code == EINTR { return 0 }
      throw Errno(rawValue: code)
    }
    var mask = 0
    for (index, entry) in polled.enumerated() where entry.revents != 0 { mask |= 1 << index }
    return mask
  }
}

extension OwnedDescriptor {
  /// A file in memory of `byteCount` bytes, all zero (`memfd_create`).
  package static func memoryFile(byteCount: Int) throws(Errno) -> OwnedDescriptor {
    // SAFETY: the name is a constant.
    let number = try attempt { unsafe memfd_create("guest memory", UInt32(MFD_CLOEXEC)) }
    let file = OwnedDescriptor(taking: number)
    _ = try attempt { ftruncate(number, byteCount) }
    return file
  }

  /// A pipe: what to read from and what to write to, both for the caller to close.
  package static func pipe() throws(Errno) -> (reader: Descriptor, writer: Descriptor) {
    var pair: (Int32, Int32) = (-1, -1)
    // SAFETY: a pair of Int32 is laid out as the array of two that the call fills.
    _ = try attempt {
      unsafe withUnsafeMutableBytes(of: &pair) { bytes in
        guard let start = bytes.baseAddress else { return Int32(-1) }
        return unsafe pipe2(start.assumingMemoryBound(to: Int32.self), O_CLOEXEC)
      }
    }
    return (Descriptor(rawValue: pair.0), Descriptor(rawValue: pair.1))
  }
}
