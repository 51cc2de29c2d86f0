internal import Linux
internal import Passthrough
internal import VirtioFS
internal import Virtqueue

// Calls by way of a protocol reach a generic class's code for all types, which asks for each type
// as it runs. These classes are not generic: what they pass calls on to is compiled for the share.

/// One thread's part of serving a share.
final class ShareService: QueueService {
  private let service: RequestService<Share>

  init(_ service: RequestService<Share>) {
    self.service = service
  }

  func makeHandler(queue index: Int) throws(Errno) -> any QueueHandler {
    ShareQueue(try service.makeQueue(index))
  }
  func quiesce() { service.quiesce() }
  func willSleep() { service.willSleep() }
  func didWake() { service.didWake() }
}

/// One queue of a share.
final class ShareQueue: QueueHandler {
  private let requests: RequestQueue<Share>

  init(_ requests: RequestQueue<Share>) {
    self.requests = requests
  }

  var hasRoom: Bool { requests.hasRoom }
  var inFlight: Int { requests.inFlight }
  var oldestMemoryGeneration: UInt32? { requests.oldestMemoryGeneration }
  var hasEndedElsewhere: Bool { requests.hasEndedElsewhere }

  func didStart(_ queue: SplitQueue) { requests.didStart(queue) }
  func didStop() { requests.didStop() }
  func beginBatch(from queue: SplitQueue) throws(ChainError) -> Int {
    try requests.beginBatch(from: queue)
  }
  func complete(tag: UInt32, result: Int32, on queue: SplitQueue) {
    requests.complete(tag: tag, result: result, on: queue)
  }
  func collect(on queue: SplitQueue) { requests.collect(on: queue) }
  func endBatch() { requests.endBatch() }
}
