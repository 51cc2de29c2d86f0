internal import CLinux

extension OwnedDescriptor {
  /// `/dev/fuse`, open and nonblocking; it belongs to no mount yet.
  ///
  /// - Throws: `ENOENT` or `ENXIO` where there is no such device.
  package static func fuseDevice() throws(Errno) -> OwnedDescriptor {
    try Descriptor.currentDirectory.open(
      path: "/dev/fuse", flags: O_RDWR | O_NONBLOCK)
  }

  /// One more descriptor of the mount that `device` serves (`FUSE_DEV_IOC_CLONE`).
  ///
  /// Requests come to whichever descriptor asks first; a reply must go to the one that the request
  /// came from.
  package static func fuseDevice(cloning device: Descriptor) throws(Errno) -> OwnedDescriptor {
    let clone = try fuseDevice()
    _ = try attempt {
      swift_fuse_clone(clone.borrowed.rawValue, UInt32(bitPattern: device.rawValue))
    }
    return clone
  }
}

extension Descriptor {
  /// Reads one message into two pieces of memory, one after the other; `readv(2)`.
  ///
  /// - Returns: Its length.
  package func readMessage(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    // SAFETY: the pair is used below only, while the caller's memory lives.
    var vectors = unsafe (
      iovec(iov_base: first.baseAddress, iov_len: first.count),
      iovec(iov_base: second.baseAddress, iov_len: second.count)
    )
    // SAFETY: a pair of iovec is laid out as the array of two that the call reads; the caller's
    // memory lives through it.
    return try unsafe withUnsafeBytes(of: &vectors) { (bytes) throws(Errno) in
      let list = unsafe bytes.assumingMemoryBound(to: iovec.self)
      return try attempt { unsafe readv(rawValue, list.baseAddress, 2) }
    }
  }

  /// Writes one message that lies in two pieces of memory; `writev(2)`.
  package func writeMessage(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
  ) throws(Errno) {
    // SAFETY: writev only reads.
    var vectors = unsafe (
      iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
      iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
    )
    let count: Int32 = unsafe second.isEmpty ? 1 : 2
    // SAFETY: as in `readMessage`.
    try unsafe withUnsafeBytes(of: &vectors) { (bytes) throws(Errno) in
      let list = unsafe bytes.assumingMemoryBound(to: iovec.self)
      _ = try attempt { unsafe writev(rawValue, list.baseAddress, count) }
    }
  }
}
