package import Linux

/// What a virtio device gives a transport.
package protocol Device: AnyObject, Sendable {
  /// The device's own feature bits; the transport adds those of rings and of itself.
  var features: Features { get }
  /// How many queues the device has, all kinds together.
  var queueCount: Int { get }
  /// The configuration space.
  var configuration: [UInt8] { get }
  /// Makes the device's part of a thread that will serve some of the queues; called on it.
  ///
  /// `reactor` is that thread's, and lives as long as the service.
  func makeService(reactor: Reactor) throws(Errno) -> any QueueService
  /// Back to the state after power-on; no queue is running.
  func reset()
}

/// The device's part of one thread, which serves one queue or several.
package protocol QueueService: AnyObject {
  /// Makes the handler of the queue `index`.
  func makeHandler(queue index: Int) throws(Errno) -> any QueueHandler
  /// The edge of the loop: nothing is borrowed any more.
  func quiesce()
  /// The thread is about to sleep.
  func willSleep()
  /// The thread is awake again.
  func didWake()
}

/// The device's side of one queue, used by one thread.
package protocol QueueHandler: AnyObject {
  /// Whether another chain can be begun now.
  var hasRoom: Bool { get }
  /// How many chains it has begun and not completed.
  var inFlight: Int { get }
  /// The oldest memory generation among the chains in flight, or nil if there are none.
  var oldestMemoryGeneration: UInt32? { get }
  /// Whether `collect` would find anything; looked at often.
  var hasEndedElsewhere: Bool { get }

  /// The vring has been started: chains will come from `queue`.
  func didStart(_ queue: SplitQueue)
  /// The vring has been stopped, and everything taken from it has been returned.
  func didStop()
  /// Takes chains from `queue` and begins the requests in them, which may complete at once: as many
  /// as there are and as there is room for, up to the end of a `Batch`.
  ///
  /// - Returns: How many.
  func beginBatch(from queue: SplitQueue) throws(ChainError) -> Int
  /// A call that the handler gave to the reactor, with a tag of its `QueueTag`s, has ended.
  func complete(tag: UInt32, result: Int32, on queue: SplitQueue)
  /// Completes the requests that have ended elsewhere.
  func collect(on queue: SplitQueue)
  /// What was completed has been published.
  func endBatch()
}

extension QueueHandler {
  package func didStart(_ queue: SplitQueue) {}
  package func didStop() {}
}

/// Tells calls and watches apart in a reactor that serves several queues: the queue's index above
/// what is the queue's own business.
package enum QueueTag {
  /// The tag of the queue `index` for its own number `number`, less than 65536.
  @inline(__always)
  package static func make(_ number: UInt32, queue index: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: index) << 16 | number
  }

  /// The queue that a tag belongs to.
  @inline(__always)
  package static func queue(of tag: UInt32) -> Int { Int(tag >> 16) }

  /// The queue's own number.
  @inline(__always)
  package static func number(of tag: UInt32) -> UInt32 { tag & 0xffff }
}

/// The numbers of what is watched for a queue.
package enum QueueWatch {
  /// The kick descriptor.
  package static let kick: UInt32 = 0
  /// An event descriptor of the handler.
  package static let handler: UInt32 = 1
}
