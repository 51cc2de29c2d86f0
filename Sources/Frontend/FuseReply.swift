package import FuseProtocol
package import Linux

/// What came back for a request.
package struct FuseReply: Sendable {
  /// What the queue gave for the request.
  package var ticket: UInt64
  /// The length of the used element.
  package var usedByteCount: Int
  /// The header; nothing if the device wrote less than one.
  package var header: OutHeader?
  /// What follows the header, short of what went to the request's `replyData`.
  package var body: [UInt8]
  /// How many bytes went to the request's `replyData`.
  package var dataByteCount: Int

  /// The error of the header; nothing if the request succeeded or was not answered.
  package var error: Errno? {
    guard let header, header.error != 0 else { return nil }
    return Errno(rawValue: header.error == .min ? .max : -header.error)
  }

  /// The reply, if it is not an error.
  ///
  /// - Throws: `reply` with the error; `violation` if there is no reply.
  package func succeeded() throws(FrontEndError) -> FuseReply {
    if let error { throw .reply(error) }
    guard header != nil else { throw .violation(.replyLength(header: 0, used: 0)) }
    return self
  }

  /// The structure that the reply consists of.
  ///
  /// - Throws: `violation` if it is not as long as the structure.
  package func structure<T: WireValue>(_ type: T.Type = T.self) throws(FrontEndError) -> T {
    guard body.count == MemoryLayout<T>.size, dataByteCount == 0 else {
      throw .violation(.replyBody(body.count))
    }
    return try prefix(type)
  }

  /// The structure that the reply begins with.
  package func prefix<T: WireValue>(_ type: T.Type = T.self) throws(FrontEndError) -> T {
    var reader = WireReader(body.rawBytes)
    do {
      return try reader.read(type)
    } catch {
      throw .violation(.replyBody(body.count))
    }
  }
}
