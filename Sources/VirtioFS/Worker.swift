internal import FuseProtocol
internal import FuseServer
internal import Linux

/// What one worker thread serves requests with.
final class Worker<View: FileSystem> {
  private let dispatcher: Dispatcher<View>
  private var reply = ReplyBuffer(capacity: replyCapacity)

  init(dispatcher: Dispatcher<View>) {
    self.dispatcher = dispatcher
  }

  func goIdle() { dispatcher.files.goIdle() }
  func wake() { dispatcher.files.wake() }

  /// Does all that is left of the request and writes the reply into its chain.
  func serve(_ slot: RequestSlot) {
    if let call = slot.call {
      finish(slot, call)
    } else {
      switch dispatcher.serve(slot, &reply) {
      case .noReply: slot.written = 0
      case .replied: slot.written = slot.write(reply.bytes)
      case .deferred(let call):
        slot.prepare(for: call)
        finish(slot, call)
        // Nothing was pinned for it.
        slot.call = nil
      }
    }
    dispatcher.files.quiesce()
  }

  private func finish(_ slot: RequestSlot, _ call: DeferredCall) {
    let result = slot.perform(call, in: dispatcher.files)
    slot.written = slot.writeReply(to: result, with: &reply)
  }
}

extension RequestSlot {
  /// Answers the request with `errno` in place of serving it.
  func answer(_ errno: Errno, with reply: inout ReplyBuffer) {
    if call != nil {
      written = writeReply(to: .failure(errno), with: &reply)
    } else {
      reply.begin(unique: header.unique, limit: replyLimit)
      reply.fail(errno)
      written = replyLimit >= 0 ? write(reply.bytes) : 0
    }
  }
}
