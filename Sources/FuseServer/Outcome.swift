/// How the serving of a request ended.
package enum Outcome: Sendable {
  /// The reply is finished in the buffer.
  case replied
  /// The request gets no reply: its chain is returned with no bytes written.
  case noReply
  /// Nothing has been done, because it may take long: the request is to be served by a worker.
  case postponed
  /// The transport has to do the rest, and to reply then.
  case deferred(DeferredCall)
}
