internal import FuseProtocol
internal import FuseServer
internal import Linux

/// What one worker thread serves requests with.
final class Worker<View: FileSystem> {
  private let dispatcher: Dispatcher<View>
  private var reply = ReplyBuffer(capacity: replyCapacity)

  init(dispatcher: Dispatcher<View>) {
    self.dispatcher = dispatcher
    dispatcher.files.goIdle()
  }

  /// Does all that is left of the request and writes the reply into its chain.
  ///
  /// A deferred call has its file pinned, so the view sleeps meanwhile: what others release need
  /// not wait for the end of a long call.
  func serve(_ slot: inout RequestSlot) {
    if let call = slot.call { return finish(&slot, call) }
    dispatcher.files.wake()
    defer { dispatcher.files.goIdle() }
    switch dispatcher.serve(slot, &reply) {
    case .noReply: slot.written = 0
    case .replied: slot.written = slot.write(reply.bytes)
    case .postponed: slot.answer(.inputOutput, with: &reply)
    case .deferred(let call):
      dispatcher.files.pin(call.file)
      slot.prepare(for: call)
      dispatcher.files.goIdle()
      finish(&slot, call)
    }
  }

  private func finish(_ slot: inout RequestSlot, _ call: DeferredCall) {
    let result = slot.perform(call, in: dispatcher.files)
    slot.written = slot.writeReply(to: result, with: &reply)
  }
}

extension RequestSlot {
  /// Answers the request with `errno` in place of serving it.
  mutating func answer(_ errno: Errno, with reply: inout ReplyBuffer) {
    if call != nil {
      written = writeReply(to: .failure(errno), with: &reply)
    } else {
      reply.begin(unique: header.unique, limit: replyLimit)
      reply.fail(errno)
      written = replyLimit >= 0 ? write(reply.bytes) : 0
    }
  }
}
