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

  /// On which thread the request is to be served.
  package func placement(of header: InHeader) -> Placement {
    guard let opcode = Opcode(rawValue: header.opcode) else { return .inline }
    return files.placement(of: opcode, on: header.node)
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
      return refuse(&reply)
    }
    do throws(MalformedRequest) {
      try checkBefore(opcode, reply)
      guard files.serves(opcode) else { return refuse(&reply) }
      let context = DecodingContext(header: header, flags: session.flags)
      let operation = try decode(opcode, context, body)
      try check(operation, dataByteCount, &reply)
      return answer(operation, header, &reply)
    } catch {
      if error.isFault { session.count(error) }
      reply.fail(error.errno)
      return reply.room >= 0 && opcode.isAnswered ? .replied : .noReply
    }
  }

  /// ENOSYS: the client need not ask again.
  private func refuse(_ reply: inout ReplyBuffer) -> Outcome {
    reply.failAsUnserved()
    return reply.room >= 0 ? .replied : .noReply
  }

  /// Checks that the operation may be asked for now, and that the smallest good reply has room.
  private func checkBefore(
    _ opcode: Opcode, _ reply: borrowing ReplyBuffer
  ) throws(MalformedRequest) {
    guard !opcode.isAnswered || reply.room >= opcode.fixedReplyByteCount else {
      throw .replyTooSmall
    }
    guard session.isEstablished || opcode == .`init` else { throw .outsideSession }
  }

  @_lifetime(copy body)
  private func decode(
    _ opcode: Opcode, _ context: DecodingContext, _ body: RawSpan
  ) throws(MalformedRequest) -> Operation {
    do throws(DecodingError) {
      return try Operation(opcode, context, from: body)
    } catch {
      throw .undecodable(error)
    }
  }

  /// Checks what only the arguments tell: how much room the reply needs, how much data there is.
  private func check(
    _ operation: Operation, _ dataByteCount: Int, _ reply: inout ReplyBuffer
  ) throws(MalformedRequest) {
    if case .lookup(let name) = operation, name.isDotOrDotDot,
      !session.flags.contains(.exportSupport)
    {
      throw .dotLookup
    }
    if case .write(let arguments) = operation, Int(arguments.byteCount) > dataByteCount {
      throw .dataMissing
    }
    if case .read(let arguments) = operation, Int(arguments.byteCount) > reply.room {
      throw .replyTooSmall
    }
    if case .readdir(let arguments, plus: _) = operation {
      reply.restrict(to: Int(arguments.byteCount))
    }
    if case .getxattr(let arguments, _) = operation { try restrict(&reply, to: arguments) }
    if case .listxattr(let arguments) = operation { try restrict(&reply, to: arguments) }
  }

  /// Lets a reply to GETXATTR or LISTXATTR be as long as asked for, and no longer.
  private func restrict(
    _ reply: inout ReplyBuffer, to arguments: GetxattrIn
  ) throws(MalformedRequest) {
    let size = arguments.byteCount
    let needed = size == 0 ? MemoryLayout<GetxattrOut>.size : Int(size)
    guard needed <= reply.room else { throw .replyTooSmall }
    reply.restrict(to: needed)
  }

  private func answer(
    _ operation: Operation, _ header: InHeader, _ reply: inout ReplyBuffer
  ) -> Outcome {
    do throws(Errno) {
      return try execute(operation, header, &reply)
    } catch {
      reply.fail(error)
      return .replied
    }
  }
}
