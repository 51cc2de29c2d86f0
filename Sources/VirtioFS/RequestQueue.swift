internal import FuseProtocol
internal import FuseServer
internal import Linux
internal import Trace
internal import Virtqueue

/// One queue's requests: out of chains, through the dispatcher, back into chains.
final class RequestQueue<Provider: FileSystemProvider>: QueueHandler {
  private let index: Int
  let dispatcher: Dispatcher<Provider.View>
  let reactor: Reactor
  let workers: WorkerPool<Provider>
  /// Requests that workers have ended.
  let finished: FinishedRequests
  var reply = ReplyBuffer(capacity: replyCapacity)
  /// Where requests and replies are recorded, if they are.
  private let lane: Lane?
  private let recorder: Recorder?

  /// All slots ever made, by tag.
  private var slots: [RequestSlot] = []
  private var free: [RequestSlot] = []
  private(set) var inFlight = 0
  /// The segments of all chains in flight.
  private var segmentCount = 0

  /// The most requests in flight; the rest wait in the ring.
  private static var mostSlots: Int { 1024 }
  /// The most segments in flight, 16 bytes each: long chains wait for each other.
  private static var mostSegments: Int { 1 << 17 }

  init(
    index: Int, dispatcher: Dispatcher<Provider.View>, reactor: Reactor,
    workers: WorkerPool<Provider>,
    recorder: Recorder? = nil, lane: Lane? = nil
  ) throws(Errno) {
    self.index = index
    self.dispatcher = dispatcher
    self.reactor = reactor
    self.workers = workers
    self.recorder = recorder
    self.lane = lane
    finished = try FinishedRequests()
    let tag = QueueTag.make(QueueWatch.handler, queue: index)
    reactor.watch(finished.descriptor, as: tag)
  }

  // MARK: Taking

  var hasRoom: Bool {
    inFlight < Self.mostSlots && segmentCount < Self.mostSegments
  }

  func beginBatch(from queue: SplitQueue) throws(ChainError) -> Int {
    var batch = Batch()
    while hasRoom, try begin(from: queue), batch.goesOn() {}
    return batch.count
  }

  /// - Returns: False if there was no chain.
  private func begin(from queue: SplitQueue) throws(ChainError) -> Bool {
    let slot = takeSlot()
    do throws(ChainError) {
      guard try queue.take(into: &slot.chain) else {
        free.append(slot)
        return false
      }
    } catch {
      slot.clear()
      free.append(slot)
      throw error
    }
    slot.isBusy = true
    slot.segmentCount = slot.chain.readable.count + slot.chain.writable.count
    segmentCount += slot.segmentCount
    inFlight += 1
    if lane != nil { slot.rememberChain() }
    serve(slot, on: queue)
    return true
  }

  private func takeSlot() -> RequestSlot {
    if let slot = free.popLast() { return slot }
    let slot = RequestSlot(tag: QueueTag.make(UInt32(slots.count), queue: index))
    slots.append(slot)
    return slot
  }

  private func serve(_ slot: RequestSlot, on queue: SplitQueue) {
    do throws(Unreadable) {
      try slot.load()
    } catch {
      if let lane { slot.recordRequest(on: lane) }
      dispatcher.session.count(.undecodable(.truncated))
      return refuse(slot, error, on: queue)
    }
    if let lane { slot.recordRequest(on: lane) }
    guard dispatcher.placement(of: slot.header) == .inline else {
      return workers.submit(slot, to: finished)
    }
    switch dispatcher.serve(slot, &reply) {
    case .noReply: complete(slot, written: 0, on: queue)
    case .replied: complete(slot, written: slot.write(reply.bytes), on: queue)
    case .deferred(let call): start(call, slot, on: queue)
    }
  }

  /// Answers what is no request, if it says which it is and has room for an answer.
  private func refuse(_ slot: RequestSlot, _ reason: Unreadable, on queue: SplitQueue) {
    guard case .request(let errno) = reason, slot.replyLimit >= 0 else {
      return complete(slot, written: 0, on: queue)
    }
    reply.begin(unique: slot.header.unique, limit: slot.replyLimit)
    reply.fail(errno)
    complete(slot, written: slot.write(reply.bytes), on: queue)
  }

  // MARK: Returning

  /// Gives the chain back to the driver and the slot to the free list.
  func complete(_ slot: RequestSlot, written: UInt32, on queue: SplitQueue) {
    if let lane { slot.recordReply(written: written, on: lane) }
    queue.complete(head: slot.chain.head, written: written)
    segmentCount -= slot.segmentCount
    inFlight -= 1
    slot.clear()
    free.append(slot)
  }

  func complete(tag: UInt32, result: Int32, on queue: SplitQueue) {
    `continue`(slots[QueueTag.number(of: tag)], result: result, on: queue)
  }

  var hasEndedElsewhere: Bool { finished.hasSlotsToTake }

  func collect(on queue: SplitQueue) {
    for slot in finished.takeAll() {
      if let file = slot.call?.file { dispatcher.files.unpin(file) }
      complete(slot, written: slot.written, on: queue)
    }
  }

  var oldestMemoryGeneration: UInt32? {
    slots.lazy.filter(\.isBusy).map { $0.chain.memoryGeneration }.min()
  }

  // MARK: The edges of the loop

  func didStart(_ queue: SplitQueue) {
    guard let recorder, let lane else { return }
    recorder.vringStarted(lane, size: queue.size, features: queue.features.rawValue)
  }

  func didStop() {
    lane?.record(.vringStopped)
    lane?.settle()
  }

  func endBatch() {
    lane?.settle()
  }
}

/// The longest reply that is put together in private memory: directories, attributes. Data of
/// files goes to the guest directly.
let replyCapacity = 128 << 10

extension Dispatcher {
  /// Serves the request in `slot`.
  func serve(_ slot: RequestSlot, _ reply: inout ReplyBuffer) -> Outcome {
    reply.begin(unique: slot.header.unique, limit: slot.replyLimit)
    return serve(slot.header, body: slot.body, dataByteCount: slot.dataByteCount, reply: &reply)
  }
}

extension RequestSlot {
  /// How many bytes a reply may have after its header; negative without room for the header.
  var replyLimit: Int {
    chain.writable.byteCount - MemoryLayout<OutHeader>.size
  }

  /// Copies a whole reply into the chain.
  ///
  /// - Returns: Its length.
  func write(_ reply: RawSpan) -> UInt32 {
    chain.writable.copyIn(reply)
    return UInt32(reply.byteCount)
  }
}
