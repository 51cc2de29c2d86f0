extension Descriptor {
  /// Receives at most `count` bytes and the descriptors that came with them.
  ///
  /// - Returns: The bytes; none if the other end has closed the connection.
  package func receive(
    upTo count: Int, descriptors: inout [SharedDescriptor]
  ) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    // SAFETY: bytes have no padding that could be left uninitialised.
    var raw = unsafe span.mutableBytes
    let received = try receive(into: &raw, descriptors: &descriptors)
    return Array(bytes.prefix(received))
  }

  /// Sends `bytes`, with `descriptors` beside the first of them.
  ///
  /// - Returns: How many bytes were taken.
  package func send(
    _ bytes: ArraySlice<UInt8>, descriptors: [Descriptor] = []
  ) throws(Errno) -> Int {
    // SAFETY: bytes have no padding.
    try unsafe send(bytes.span.bytes, descriptors: descriptors)
  }
}
