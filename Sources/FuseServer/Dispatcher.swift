package import FuseProtocol
internal import Linux

/// Serves one client's requests from one thread's view of a file system.
///
/// All that is checked is checked before the file system is called: an operation that could not be
/// answered is never begun, so nothing has to be undone.
package struct Dispatcher<Files: FileSystem> {
  /// The calling thread's view.
  package let files: Files
  /// What all threads of this client share.
  package let session: Session

  /// Serves requests of `session` from `files`, which belongs to the calling thread.
  package init(files: Files, session: Session) {
    self.files = files
    self.session = session
  }

  /// Serves one request.
  ///
  /// - Parameter header: Its header.
  /// - Parameter body: A private copy of what follows the header, up to the length that the header
  ///   gives; of a WRITE at least the arguments.
  /// - Parameter dataByteCount: How long a WRITE's data is, wherever it lies.
  /// - Parameter reply: Begun with the request's `unique` and the room that the client left.
  /// - Returns: What is to be done with `reply`, or instead of one.
  package func serve(
    _ header: InHeader, body: RawSpan, dataByteCount: Int, reply: inout ReplyBuffer
  ) -> Outcome {
    guard let opcode = Opcode(rawValue: header.opcode) else {
      return refuseForGood(&reply)
    }
    if let fault = fault(opcode, reply) { return refuse(fault, opcode, &reply) }
    guard files.serves(opcode) else { return refuseForGood(&reply) }
    guard files.mayWait || files.placement(of: opcode, on: header.node) == .inline else {
      return .postponed
    }
    let context = DecodingContext(header: header, flags: session.flags)
    let operation: Operation
    do throws(DecodingError) {
      operation = try Operation(opcode, context, from: body)
    } catch {
      return refuse(.undecodable(error), opcode, &reply)
    }
    do throws(Errno) {
      return try execute(operation, header, dataByteCount, &reply)
    } catch .mustWait {
      return .postponed
    } catch {
      reply.fail(error)
      return .replied
    }
  }

  /// What is wrong with the request whatever its arguments are: it comes at the wrong time, or has
  /// no room for the smallest good reply.
  @inline(__always)
  private func fault(_ opcode: Opcode, _ reply: borrowing ReplyBuffer) -> MalformedRequest? {
    if let needed = opcode.fixedReplyByteCount, reply.room < needed { return .replyTooSmall }
    if case .`init` = opcode { return nil }
    return session.isEstablished ? nil : .outsideSession
  }

  /// Counts a malformed request and answers it, if anything can.
  private func refuse(
    _ kind: MalformedRequest, _ opcode: Opcode, _ reply: inout ReplyBuffer
  ) -> Outcome {
    let outcome = refuse(kind, &reply)
    return opcode.fixedReplyByteCount == nil ? .noReply : outcome
  }

  /// Counts a malformed request of a kind that has replies, and answers it if there is room.
  func refuse(_ kind: MalformedRequest, _ reply: inout ReplyBuffer) -> Outcome {
    if kind.isFault { session.count(kind) }
    reply.fail(kind.errno)
    return reply.room >= 0 ? .replied : .noReply
  }

  /// ENOSYS: the client need not ask again.
  func refuseForGood(_ reply: inout ReplyBuffer) -> Outcome {
    reply.failAsUnserved()
    return reply.room >= 0 ? .replied : .noReply
  }
}
