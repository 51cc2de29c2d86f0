package import Linux
internal import Synchronization

/// The way of one vring's records from its thread to the file: a ring of bytes that hold whole
/// blocks.
///
/// One thread puts, the recorder's thread takes. Who puts never waits: what does not fit is
/// counted, and the count is the first thing that is put when there is room again.
@safe
package final class Lane: @unchecked Sendable {
  // SAFETY: @unchecked Sendable, because `producer` and `digest` are used by the vring's thread
  // only (and by the recorder's once that has ended), `taken` by the recorder's thread only, and
  // the ring's bytes by whom the two atomic positions give them to.

  /// What only the vring's thread looks at.
  private struct Producer {
    /// How much has been put since the beginning: a place in the ring, with the number of rounds.
    var head: UInt64 = 0
    /// How much had been taken when that was last looked at.
    var knownTail: UInt64 = 0
    /// Where the last gap began, and how long it was.
    var lastGap: UInt64 = 0
    var lastSkip: UInt64 = 0
    /// What `head` was when the recorder's thread was last made sure of.
    var settledHead: UInt64 = 0
    /// Records that did not fit and that the file does not know of yet.
    var pendingDrops: UInt64 = 0
    var nextSerial: UInt64
    /// The time of the last reply, if nothing has been done since; else 0.
    var freshTime: UInt64 = 0
    var clock: LaneClock
  }

  /// The vring's index, which is its interface's number in the file.
  package let vring: UInt16
  let capacity: Int
  /// How much of the ring is used as long as the recorder's thread keeps up.
  private let window: Int
  private let snapLength: Int
  private let bell: RecorderBell
  // SAFETY: allocated in `init`, freed in `deinit`.
  private let producer: UnsafeMutablePointer<Producer>
  // SAFETY: as `producer`.
  private let memory: UnsafeMutableRawPointer
  private let digest = Digest()
  private let instructions = Digest.Instructions.best

  /// What may be taken: everything before.
  private let published = Atomic<UInt64>(0)
  /// What has been taken.
  private let consumed = Atomic<UInt64>(0)
  /// Where the last gap begins: a block is never split, so the ring's end may stay unused.
  private let gap = Atomic<UInt64>(.max)
  /// How far the recorder's thread is to go before it looks after another lane.
  private var limit: UInt64 = 0

  // Counted by the vring's thread, read by anybody.
  let requestCount = Atomic<UInt64>(0)
  let replyCount = Atomic<UInt64>(0)
  let droppedCount = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - capacity: The ring's length in bytes, a power of two. Memory is touched as it is used.
  ///   - tag: What makes this capture's serials differ from another's.
  init(
    vring: UInt16, capacity: Int, snapLength: Int, clock: CaptureClock, tag: UInt16,
    bell: RecorderBell
  ) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "no power of two")
    self.vring = vring
    self.capacity = capacity
    window = min(1 << 20, capacity / 4)
    self.snapLength = snapLength
    self.bell = bell
    // SAFETY: both are freed in `deinit`.
    unsafe producer = .allocate(capacity: 1)
    unsafe producer.initialize(
      to: Producer(
        nextSerial: UInt64(tag) << 48 | UInt64(vring) << 40 | 1, clock: LaneClock(clock)))
    unsafe memory = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit {
    // SAFETY: nobody else has them.
    unsafe producer.deallocate()
    unsafe memory.deallocate()
  }

  // MARK: The vring's thread

  /// Records a request that has just been taken from the ring.
  ///
  /// - Parameters:
  ///   - message: The header and the arguments, or nothing if there is no header.
  ///   - data: The file data of a WRITE.
  /// - Returns: The serial for its reply.
  package func recordRequest(
    head: UInt16, readableByteCount: UInt32, writableByteCount: UInt32, message: RawSpan,
    data: borrowing IOVectors, dataByteCount: Int
  ) -> UInt64 {
    // SAFETY: the vring's thread is the only user.
    let serial = unsafe producer.pointee.nextSerial
    unsafe producer.pointee.nextSerial = serial &+ 1
    let packet = PacketNumbers(
      time: requestTime(), kind: .request, vring: vring, head: head, serial: serial,
      readableByteCount: readableByteCount, writableByteCount: writableByteCount,
      digest: digest(of: data, from: 0, count: dataByteCount))
    let layout = RecordLayout(
      messageByteCount: message.byteCount, keptByteCount: min(dataByteCount, snapLength),
      dataByteCount: dataByteCount, tellsDrops: false)
    let isPut = put(packet, layout) { encoder in
      encoder.put(message)
      encoder.put(data, from: 0, count: layout.keptByteCount)
    }
    if isPut { requestCount.increment() }
    return serial
  }

  /// When a request was taken: now, or when the reply before it was given, if it is the next that
  /// happens.
  @inline(__always)
  private func requestTime() -> UInt64 {
    // SAFETY: the vring's thread is the only user.
    let time = unsafe producer.pointee.freshTime
    unsafe producer.pointee.freshTime = 0
    return time != 0 ? time : now
  }

  @inline(__always)
  private var now: UInt64 {
    // SAFETY: the vring's thread is the only user.
    unsafe producer.pointee.clock.now()
  }

  /// Records a reply that is about to be returned.
  ///
  /// - Parameters:
  ///   - reply: The device-writable part of the chain, in which `writtenByteCount` bytes stand.
  ///   - messageByteCount: How many of them are the message; the rest is file data.
  package func recordReply(
    serial: UInt64, head: UInt16, writtenByteCount: Int, in reply: borrowing IOVectors,
    messageByteCount: Int
  ) {
    let dataByteCount = writtenByteCount - messageByteCount
    let now = now
    // SAFETY: the vring's thread is the only user.
    unsafe producer.pointee.freshTime = now
    let packet = PacketNumbers(
      time: now, kind: .reply, vring: vring, head: head, serial: serial,
      readableByteCount: 0, writableByteCount: UInt32(clamping: writtenByteCount),
      digest: digest(of: reply, from: messageByteCount, count: dataByteCount))
    let layout = RecordLayout(
      messageByteCount: messageByteCount, keptByteCount: min(dataByteCount, snapLength),
      dataByteCount: dataByteCount, tellsDrops: false)
    let isPut = put(packet, layout) { encoder in
      encoder.put(reply, from: 0, count: messageByteCount + layout.keptByteCount)
    }
    if isPut { replyCount.increment() }
  }

  /// Records an event of this vring.
  ///
  /// - Parameter time: When it happened, if that was before now.
  package func record(_ event: TraceEvent, time: UInt64? = nil) {
    let message = event.message
    _ = put(numbers(time: time ?? now), RecordLayout(message.count)) { encoder in
      encoder.put(message.rawBytes)
    }
  }

  /// Makes sure that the recorder's thread is going to take what has been put; at the edge of the
  /// queue's loop.
  package func settle() {
    // SAFETY: the vring's thread is the only user.
    unsafe producer.pointee.freshTime = 0
    if unsafe producer.pointee.pendingDrops > 0 { _ = putDrops(at: now) }
    let head = unsafe producer.pointee.head
    guard unsafe head != producer.pointee.settledHead else { return }
    unsafe producer.pointee.settledHead = head
    bell.ringIfAsleep()
  }

  /// What an event's record says besides its message.
  private func numbers(time: UInt64) -> PacketNumbers {
    PacketNumbers(
      time: time, kind: .event, vring: vring, head: 0, serial: 0,
      readableByteCount: 0, writableByteCount: 0, digest: 0)
  }

  /// Four times what Linux sends at most. A guest may state gigabytes, in descriptors that all name
  /// the same memory, and have the request refused at once: that must not cost it so little and
  /// the vring's thread seconds.
  static let mostDigestedByteCount = 4 << 20

  /// - Returns: 0 without data, and for more than is digested.
  private func digest(of data: borrowing IOVectors, from offset: Int, count: Int) -> UInt64 {
    guard count > 0, count <= Self.mostDigestedByteCount else { return 0 }
    var value: UInt64?
    // Most data lies in one piece.
    data.withSpan(from: offset, count: count) { value = Digest.of($0, with: instructions) }
    if let value { return value }
    digest.reset()
    data.forEachSpan(from: offset, count: count) { digest.update($0) }
    return digest.value
  }

  // MARK: Putting

  /// Puts one block, after the count of those that are missing.
  ///
  /// - Returns: False if there is no room; the record is counted then.
  @inline(__always)
  private func put(
    _ packet: PacketNumbers, _ layout: RecordLayout, _ body: (inout BlockEncoder) -> Void
  ) -> Bool {
    // SAFETY: the vring's thread is the only user.
    if unsafe producer.pointee.pendingDrops == 0 || putDrops(at: packet.time),
      putBlock(packet, layout, droppedCount: 0, body)
    {
      return true
    }
    unsafe producer.pointee.pendingDrops += 1
    droppedCount.increment()
    return false
  }

  /// Puts the event that says how many records are missing; without allocating, because this is
  /// tried for each record while there is no room.
  ///
  /// - Parameter time: That of the record that follows: times do not go back.
  private func putDrops(at time: UInt64) -> Bool {
    // SAFETY: the vring's thread is the only user.
    let count = unsafe producer.pointee.pendingDrops
    let layout = RecordLayout(TraceEvent.droppedByteCount, tellsDrops: true)
    let isPut = putBlock(numbers(time: time), layout, droppedCount: count) { encoder in
      encoder.put(TraceEvent.droppedNumber)
      encoder.put(count)
    }
    guard isPut else { return false }
    unsafe producer.pointee.pendingDrops = 0
    return true
  }

  @inline(__always)
  private func putBlock(
    _ packet: PacketNumbers, _ layout: RecordLayout, droppedCount: UInt64,
    _ body: (inout BlockEncoder) -> Void
  ) -> Bool {
    let byteCount = layout.blockByteCount
    guard let place = findRoom(byteCount) else { return false }
    // SAFETY: `findRoom` found so many bytes at `place` that nobody else uses.
    var encoder = unsafe BlockEncoder(memory + place, capacity: byteCount)
    encoder.putPrefix(of: packet, layout)
    body(&encoder)
    encoder.putSuffix(of: packet.kind, layout, droppedCount: droppedCount)
    publish(byteCount)
    return true
  }

  /// The place of `byteCount` bytes in a row, if there are so many.
  @inline(__always)
  private func findRoom(_ byteCount: Int) -> Int? {
    // SAFETY: the vring's thread is the only user.
    let head = unsafe producer.pointee.head
    let place = Int(truncatingIfNeeded: head) & (capacity - 1)
    let rest = capacity - place
    let wraps = byteCount > rest || isTimeToRewind(place, byteCount)
    let needed = wraps ? rest + byteCount : byteCount
    if unsafe head + UInt64(needed) - producer.pointee.knownTail > UInt64(capacity) {
      unsafe producer.pointee.knownTail = consumed.load(ordering: .acquiring)
      guard unsafe head + UInt64(needed) - producer.pointee.knownTail <= UInt64(capacity) else {
        return nil
      }
    }
    guard wraps else { return place }
    // Known before the position beyond it is.
    gap.store(head, ordering: .relaxed)
    // SAFETY: the vring's thread is the only user.
    unsafe producer.pointee.lastGap = head
    unsafe producer.pointee.lastSkip = UInt64(rest)
    unsafe producer.pointee.head = head + UInt64(rest)
    return 0
  }

  /// Whether to go back to the ring's beginning although there is room, because what was put
  /// lately is nearly all taken: memory that was just used is in the processor's cache.
  ///
  /// As little as that lies behind, the gap before the last one has been passed.
  @inline(__always)
  private func isTimeToRewind(_ place: Int, _ byteCount: Int) -> Bool {
    guard place >= window, byteCount <= window / 2 else { return false }
    // SAFETY: the vring's thread is the only user.
    unsafe producer.pointee.knownTail = consumed.load(ordering: .acquiring)
    return unsafe waitingByteCount(producer.pointee.head) < UInt64(window / 2)
  }

  /// How much of what lies before `head` has not been taken, as far as is known.
  @inline(__always)
  private func waitingByteCount(_ head: UInt64) -> UInt64 {
    // SAFETY: the vring's thread is the only user.
    let tail = unsafe producer.pointee.knownTail
    let skip = unsafe tail <= producer.pointee.lastGap ? producer.pointee.lastSkip : 0
    return head - tail - min(skip, head - tail)
  }

  @inline(__always)
  private func publish(_ byteCount: Int) {
    // SAFETY: the vring's thread is the only user.
    let head = unsafe producer.pointee.head + UInt64(byteCount)
    unsafe producer.pointee.head = head
    published.store(head, ordering: .releasing)
    guard waitingByteCount(head) > UInt64(capacity / 4) else { return }
    unsafe producer.pointee.knownTail = consumed.load(ordering: .acquiring)
    if waitingByteCount(head) > UInt64(capacity / 4) { bell.ring() }
  }

  // MARK: The recorder's thread

  /// Whether there is something to take.
  var hasBlocks: Bool {
    published.load(ordering: .acquiring) != consumed.load(ordering: .relaxed)
  }

  /// Whether the last `take` ended in the middle of what it was to take.
  var isUnfinished: Bool {
    limit != consumed.load(ordering: .relaxed)
  }

  /// Gives all that is there to `write`, which says how much it took: 0 for nothing any more.
  ///
  /// - Returns: Whether all was taken.
  func take(_ write: (RawSpan) -> Int) -> Bool {
    var tail = consumed.load(ordering: .relaxed)
    if tail == limit { limit = published.load(ordering: .acquiring) }
    while tail < limit {
      let gap = gap.load(ordering: .relaxed)
      let place = Int(truncatingIfNeeded: tail) & (capacity - 1)
      if tail == gap {
        tail += UInt64(capacity - place)
      } else {
        let end = gap > tail && gap < limit ? gap : limit
        let count = min(Int(end - tail), capacity - place, Self.mostAtOnce)
        // SAFETY: everything from `tail` to `limit` but the gap has been published to us.
        let bytes = unsafe RawSpan(_unsafeStart: memory + place, byteCount: count)
        let written = write(bytes)
        guard written > 0 else { return false }
        tail += UInt64(written)
      }
      consumed.store(tail, ordering: .releasing)
    }
    return true
  }

  /// How much is written at once, so that room comes back soon.
  private static let mostAtOnce = 512 << 10

  /// How many records are missing at the end; once the vring's thread has ended.
  var lastDrops: UInt64 {
    // SAFETY: nobody else uses it any more.
    unsafe producer.pointee.pendingDrops
  }
}

extension Atomic where Value == UInt64 {
  /// Adds one; only one thread may do this, which makes it cheaper than an atomic addition.
  @inline(__always)
  fileprivate borrowing func increment() {
    store(load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }
}

extension RecordLayout {
  /// The layout of a record of a message alone.
  fileprivate init(_ messageByteCount: Int, tellsDrops: Bool = false) {
    self.init(
      messageByteCount: messageByteCount, keptByteCount: 0, dataByteCount: 0,
      tellsDrops: tellsDrops)
  }
}

extension BlockEncoder {
  /// Puts `count` bytes of `memory`, from `offset` on: zeros where it is shorter.
  @inline(__always)
  fileprivate mutating func put(_ memory: borrowing IOVectors, from offset: Int, count: Int) {
    let end = byteCount + count
    memory.forEachSpan(from: offset, count: count) { put($0) }
    while byteCount < end { put(UInt8(0)) }
  }
}
