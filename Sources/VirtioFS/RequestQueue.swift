internal import FuseProtocol
package import FuseServer
internal import Linux
internal import Trace
package import Virtqueue

/// One queue's requests: out of chains, through the dispatcher, back into chains.
package final class RequestQueue<Provider: FileSystemProvider> {
  private let index: Int
  let dispatcher: Dispatcher<Provider.View>
  let reactor: Reactor
  let workers: WorkerPool<Provider>
  /// Requests that workers have ended.
  let finished: FinishedRequests
  /// Tells whether WRITEs that are made at once wait.
  var waits = WaitWatch()
  var reply = ReplyBuffer(capacity: replyCapacity)
  /// Where requests and replies are recorded, if they are; `recorder` keeps it.
  private let lane: Uncounted<Lane>?
  private let recorder: Recorder?

  var slots = SlotArena(capacity: mostSlots)
  /// How many chains have been taken and not returned.
  package private(set) var inFlight = 0
  /// The segments of all chains in flight.
  private var segmentCount = 0
  /// The bytes of the WRITEs that were given to the ring since the batch began: the kernel copies
  /// them when it takes the calls, if it can without waiting.
  var givenByteCount = 0

  /// Whether the chain that was begun last is one whose data takes long to copy.
  var wasLongCopy = false

  /// The most requests in flight; the rest wait in the ring.
  private static var mostSlots: Int { 1024 }
  /// The most segments in flight, 16 bytes each: long chains wait for each other.
  private static var mostSegments: Int { 1 << 17 }
  /// A batch ends when so many bytes of WRITEs are on their way.
  private static var mostGivenBytes: Int { 1 << 20 }

  init(
    index: Int, dispatcher: Dispatcher<Provider.View>, reactor: Reactor,
    workers: WorkerPool<Provider>, recorder: Recorder? = nil
  ) throws(Errno) {
    self.index = index
    self.dispatcher = dispatcher
    self.reactor = reactor
    self.workers = workers
    self.recorder = recorder
    lane = recorder.map { Uncounted($0.lane(index)) }
    finished = try FinishedRequests()
    let tag = QueueTag.make(QueueWatch.handler, queue: index)
    reactor.watch(finished.descriptor, as: tag)
  }

  // MARK: Taking

  package var hasRoom: Bool {
    inFlight < Self.mostSlots && segmentCount < Self.mostSegments
  }

  package func beginBatch(from queue: SplitQueue) throws(ChainError) -> Int {
    var batch = Batch()
    givenByteCount = 0
    while hasRoom, try begin(from: queue), batch.goesOn(wasLong: wasLongCopy),
      givenByteCount < Self.mostGivenBytes
    {}
    return batch.count
  }

  /// - Returns: False if there was no chain.
  @inline(__always)
  private func begin(from queue: SplitQueue) throws(ChainError) -> Bool {
    wasLongCopy = false
    let number = slots.take()
    do throws(ChainError) {
      guard try queue.take(into: &slots[number].chain) else {
        slots.give(number)
        return false
      }
    } catch {
      slots[number].clear()
      slots.give(number)
      throw error
    }
    segmentCount += slots[number].begin()
    inFlight += 1
    if lane != nil { slots[number].rememberChain() }
    serve(number, on: queue)
    return true
  }

  @inline(__always)
  private func serve(_ number: SlotNumber, on queue: SplitQueue) {
    do throws(Unreadable) {
      try slots[number].load()
    } catch {
      lane?.use { slots[number].recordRequest(on: $0) }
      dispatcher.session.count(.undecodable(.truncated))
      return refuse(number, error, on: queue)
    }
    lane?.use { slots[number].recordRequest(on: $0) }
    switch dispatcher.serve(slots[number], &reply) {
    case .noReply: complete(number, written: 0, on: queue)
    case .replied: complete(number, written: slots[number].write(reply.bytes), on: queue)
    case .deferred(let call): start(call, number, on: queue)
    case .postponed: handToWorker(number)
    }
  }

  /// Answers what is no request, if it says which it is and has room for an answer.
  private func refuse(_ number: SlotNumber, _ reason: Unreadable, on queue: SplitQueue) {
    let limit = slots[number].replyLimit
    guard case .request(let errno) = reason, limit >= 0 else {
      return complete(number, written: 0, on: queue)
    }
    reply.begin(unique: slots[number].header.unique, limit: limit)
    reply.fail(errno)
    complete(number, written: slots[number].write(reply.bytes), on: queue)
  }

  /// The reactor's tag for calls of the request.
  @inline(__always)
  func tag(_ number: SlotNumber) -> UInt32 { QueueTag.make(number, queue: index) }

  /// Has a worker do what is left of the request.
  func handToWorker(_ number: SlotNumber) {
    workers.submit(slots.lend(number), to: finished)
  }

  // MARK: Returning

  /// Gives the chain back to the driver and the slot to the arena.
  @inline(__always)
  func complete(_ number: SlotNumber, written: UInt32, on queue: SplitQueue) {
    lane?.use { slots[number].recordReply(written: written, on: $0) }
    queue.complete(head: slots[number].chain.head, written: written)
    segmentCount -= slots[number].segmentCount
    inFlight -= 1
    slots[number].clear()
    slots.give(number)
  }

  package func complete(tag: UInt32, result: Int32, on queue: SplitQueue) {
    `continue`(QueueTag.number(of: tag), result: result, on: queue)
  }

  package var hasEndedElsewhere: Bool { finished.hasSlotsToTake }

  package func collect(on queue: SplitQueue) {
    for number in finished.takeAll() {
      if let file = slots[number].call?.file { dispatcher.files.unpin(file) }
      complete(number, written: slots[number].written, on: queue)
    }
  }

  package var oldestMemoryGeneration: UInt32? {
    var oldest: UInt32?
    for number in 0..<SlotNumber(slots.madeCount) where slots[number].isBusy {
      let generation = slots[number].chain.memoryGeneration
      oldest = min(oldest ?? generation, generation)
    }
    return oldest
  }

  // MARK: The edges of the loop

  package func didStart(_ queue: SplitQueue) {
    guard let recorder, let lane else { return }
    lane.use {
      recorder.vringStarted($0, size: queue.size, features: queue.features.rawValue)
    }
  }

  package func didStop() {
    lane?.use {
      $0.record(.vringStopped)
      $0.settle()
    }
  }

  package func endBatch() {
    lane?.use { $0.settle() }
  }
}

/// The longest reply that is put together in private memory: directories, attributes. Data of
/// files goes to the guest directly.
let replyCapacity = 128 << 10

extension Dispatcher {
  /// Serves the request in `slot`.
  @inline(__always)
  func serve(_ slot: borrowing RequestSlot, _ reply: inout ReplyBuffer) -> Outcome {
    reply.begin(unique: slot.header.unique, limit: slot.replyLimit)
    return serve(slot.header, body: slot.body, dataByteCount: slot.dataByteCount, reply: &reply)
  }
}

extension RequestSlot {
  /// The chain has been taken.
  ///
  /// - Returns: How many segments it has.
  @inline(__always)
  mutating func begin() -> Int {
    isBusy = true
    segmentCount = chain.readable.count + chain.writable.count
    return segmentCount
  }

  /// How many bytes a reply may have after its header; negative without room for the header.
  var replyLimit: Int {
    chain.writable.byteCount - MemoryLayout<OutHeader>.size
  }

  /// Copies a whole reply into the chain.
  ///
  /// - Returns: Its length.
  @inline(__always)
  borrowing func write(_ reply: RawSpan) -> UInt32 {
    chain.writable.copyIn(reply)
    return UInt32(reply.byteCount)
  }
}
