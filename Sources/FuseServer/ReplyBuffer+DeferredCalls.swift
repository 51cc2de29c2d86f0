internal import FuseProtocol
package import Linux

extension ReplyBuffer {
  /// Makes the whole reply to a deferred call that has ended.
  ///
  /// - Parameter unique: That of the request.
  /// - Parameter call: The call. After a read, the data itself is not in this buffer: the transport
  ///   puts it behind the header.
  /// - Parameter result: The bytes read or written, or what the call failed with. More than was
  ///   asked for is cut off.
  /// - Parameter limit: As for `begin`.
  package mutating func finish(
    unique: UInt64, _ call: DeferredCall, result: Result<Int, Errno>, limit: Int
  ) {
    begin(unique: unique, limit: limit)
    do throws(Errno) {
      let byteCount = try result.get()
      switch call {
      case .read(_, offset: _, byteCount: let most):
        finish(dataByteCount: max(0, min(byteCount, most)))
      case .write(_, let write):
        let written = max(0, min(byteCount, write.byteCount))
        try append(WriteOut(byteCount: UInt32(clamping: written)))
        finish()
      case .sync, .allocate:
        finish()
      }
    } catch {
      fail(error)
    }
  }
}
