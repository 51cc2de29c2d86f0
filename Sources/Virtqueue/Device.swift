package import Linux

/// What a virtio device gives a transport.
package protocol Device: AnyObject, Sendable {
  /// The device's own feature bits; the transport adds those of rings and of itself.
  var features: Features { get }
  /// How many queues the device has, all kinds together.
  var queueCount: Int { get }
  /// The configuration space.
  var configuration: [UInt8] { get }
  /// Makes the handler of the queue `index`; called on the thread that serves it.
  ///
  /// `reactor` is that thread's, and lives as long as the handler.
  func makeHandler(queue index: Int, reactor: Reactor) throws(Errno) -> any QueueHandler
  /// Back to the state after power-on; no queue is running.
  func reset()
}

/// The device's side of one queue, used by one thread.
package protocol QueueHandler: AnyObject {
  /// Whether another chain can be begun now.
  var hasRoom: Bool { get }
  /// How many chains it has begun and not completed.
  var inFlight: Int { get }
  /// The oldest memory generation among the chains in flight, or nil if there are none.
  var oldestMemoryGeneration: UInt32? { get }

  /// The vring has been started: chains will come from `queue`.
  func didStart(_ queue: SplitQueue)
  /// The vring has been stopped, and everything taken from it has been returned.
  func didStop()
  /// Takes one chain from `queue` and begins the request in it, which may complete at once.
  ///
  /// - Returns: False if there was none.
  func begin(from queue: SplitQueue) throws(ChainError) -> Bool
  /// A call that the handler gave to the reactor has ended.
  func complete(tag: UInt32, result: Int32, on queue: SplitQueue)
  /// The event descriptor that is watched as `QueueToken.handler` was signalled.
  func acknowledgeWakeUp()
  /// Completes the requests that have ended elsewhere.
  func collect(on queue: SplitQueue)
  /// The edge of the loop: nothing is borrowed any more.
  func endBatch()
  /// The thread is about to sleep.
  func willSleep()
  /// The thread is awake again.
  func didWake()
}

extension QueueHandler {
  package func didStart(_ queue: SplitQueue) {}
  package func didStop() {}
}

/// The tokens of what a queue's thread watches with its reactor.
package enum QueueToken {
  /// The kick descriptor.
  package static let kick: UInt32 = 0
  /// The transport's own mailbox.
  package static let mailbox: UInt32 = 1
  /// An event descriptor of the handler.
  package static let handler: UInt32 = 2
}
