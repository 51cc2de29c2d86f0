package import FuseProtocol
package import Linux

/// The beginning of a message that /dev/fuse gave: the header and 40 bytes of arguments.
///
/// In a WRITE the data begins right after it. It lies in private memory, so that what was checked
/// is what is used, whatever a back-end does to the memory that it shares.
package struct MessageHead: WireValue {
  /// The header.
  package var header: InHeader
  /// The first arguments, as words; whatever was there before if the message is shorter.
  package var arguments: [10 of UInt32] = .init(repeating: 0)

  /// How many bytes it has.
  package static let byteCount = 80

  /// A head that nothing was read into.
  package init() {
    header = InHeader()
  }
}

extension MemoryRegion {
  /// Reads one message of `device`: its first 80 bytes into `head`, the others into `rest`.
  ///
  /// - Returns: The length of the message.
  /// - Throws: `EAGAIN` if there is none; `ENODEV` when the mount is gone.
  package func receiveMessage(
    from device: Descriptor, _ head: inout MessageHead, rest: GuestBuffer
  ) throws(Errno) -> Int {
    let start = unsafe pointer(to: rest.address, byteCount: rest.byteCount)
    // SAFETY: `pointer` checked the range; both pieces live through the call.
    return try unsafe withUnsafeMutableBytes(of: &head) { (bytes) throws(Errno) in
      try unsafe device.readMessage(
        bytes, UnsafeMutableRawBufferPointer(start: start, count: rest.byteCount))
    }
  }

  /// Writes one message to `device`: a header, and what follows it out of the guest's memory.
  ///
  /// - Throws: `EINVAL` if the kernel finds it wrong; `ENOENT` if it waits for no such reply.
  package func sendMessage(
    to device: Descriptor, _ header: OutHeader, body: GuestBuffer
  ) throws(Errno) {
    let start = unsafe pointer(to: body.address, byteCount: body.byteCount)
    // SAFETY: `pointer` checked the range; both pieces live through the call.
    try unsafe withUnsafeBytes(of: header) { (bytes) throws(Errno) in
      try unsafe device.writeMessage(
        bytes, UnsafeRawBufferPointer(start: start, count: body.byteCount))
    }
  }
}
