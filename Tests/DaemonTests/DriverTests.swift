import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// The driver's half by itself: that it lays chains out as asked, and that it notices a device that
/// breaks the rules. Without this, the other tests could not fail.
@Suite struct DriverTests {
  private static let features: VirtioFeatures = [.version1, .indirectDescriptors, .eventIndex]

  /// A ring whose device is the test.
  private static func ring(
    _ size: UInt16 = 8, features: VirtioFeatures = features
  ) throws -> DriverRing {
    let memory = try GuestRAM(byteCount: 1 << 20)
    return try DriverRing(vring: 1, size: size, features: features, arena: Arena(memory.main))
  }

  private static func segments(_ ring: DriverRing, _ count: Int) throws -> [ChainSegment] {
    try (0..<count).map { number in
      let buffer = try ring.memory.region.reserve(byteCount: 100)
      return number < count / 2 ? .readable(buffer) : .writable(buffer)
    }
  }

  /// Returns an element, as a device does.
  private static func put(_ ring: DriverRing, _ id: UInt32, _ byteCount: UInt32) {
    let index = ring.memory.usedIndex
    let slot = Int(index & (ring.memory.size - 1))
    ring.memory.region.store(
      UsedElement(id: id, byteCount: byteCount), at: ring.memory.used + 4 + 8 * slot)
    ring.memory.usedIndex = index &+ 1
  }

  @Test func laysOutADirectChain() throws {
    let ring = try Self.ring()
    let segments = try Self.segments(ring, 4)
    try ring.add(segments, token: 1, shape: .direct)
    #expect(ring.freeCount == 4)
    var index: UInt16 = 0
    for (number, segment) in segments.enumerated() {
      let descriptor = ring.memory[index]
      #expect(descriptor.address == segment.buffer.address.rawValue)
      #expect(descriptor.byteCount == 100)
      #expect((descriptor.flags & RingDescriptor.writeFlag != 0) == segment.isDeviceWritable)
      #expect((descriptor.flags & RingDescriptor.nextFlag != 0) == (number < 3))
      index = descriptor.next
    }
    #expect(ring.memory.availableIndex == 0)
    ring.publish()
    #expect(ring.memory.availableIndex == 1)
  }

  @Test func laysOutATableAfterDirectDescriptors() throws {
    let ring = try Self.ring()
    let segments = try Self.segments(ring, 6)
    try ring.add(segments, token: 1, shape: .mixed(direct: 2))
    #expect(ring.freeCount == 5)
    let first = ring.memory[0]
    let second = ring.memory[first.next]
    let last = ring.memory[second.next]
    #expect(second.address == segments[1].buffer.address.rawValue)
    #expect(last.flags == RingDescriptor.indirectFlag)
    #expect(last.byteCount == 64)
    for entry in 0..<4 {
      let descriptor = ring.memory.region.load(
        RingDescriptor.self, at: GuestAddress(rawValue: last.address) + 16 * entry)
      #expect(descriptor.address == segments[2 + entry].buffer.address.rawValue)
      #expect((descriptor.flags & RingDescriptor.nextFlag != 0) == (entry < 3))
    }
  }

  @Test func takesNoMoreThanTheRingHolds() throws {
    let ring = try Self.ring(features: .version1)
    try ring.add(Self.segments(ring, 4), token: 1)
    try ring.add(Self.segments(ring, 4), token: 2)
    #expect(throws: FrontEndError.ringFull) { try ring.add(Self.segments(ring, 1), token: 3) }
    Self.put(ring, 0, 0)
    #expect(try ring.take()?.token == 1)
    try ring.add(Self.segments(ring, 4), token: 4)
    #expect(ring.outstandingCount == 2)
    #expect(ring.freeCount == 0)
  }

  @Test func refusesWhatIsNotOutstanding() throws {
    let ring = try Self.ring()
    try ring.add(Self.segments(ring, 2), token: 7)
    try ring.add(Self.segments(ring, 2), token: 8)
    Self.put(ring, 0, 100)
    #expect(try ring.take()?.token == 7)
    // Twice.
    Self.put(ring, 0, 0)
    #expect(throws: FrontEndError.violation(.usedElement(0))) { try ring.take() }
  }

  @Test func refusesAHeadPastTheTable() throws {
    let ring = try Self.ring()
    try ring.add(Self.segments(ring, 2), token: 7)
    Self.put(ring, 8, 0)
    #expect(throws: FrontEndError.violation(.usedElement(8))) { try ring.take() }
  }

  @Test func refusesAnIndexPastWhatIsOutstanding() throws {
    let ring = try Self.ring()
    try ring.add(Self.segments(ring, 2), token: 7)
    ring.memory.usedIndex = 2
    #expect(throws: FrontEndError.violation(.usedIndex(2))) { try ring.take() }
  }

  @Test func refusesMoreThanThereWasRoomFor() throws {
    let ring = try Self.ring()
    try ring.add(Self.segments(ring, 4), token: 7)
    Self.put(ring, 0, 201)
    #expect(throws: FrontEndError.violation(.usedLength(201))) { try ring.take() }
  }

  @Test func noticesThatNoCallCame() throws {
    let ring = try Self.ring()
    try ring.add(Self.segments(ring, 2), token: 7)
    let device = try Thread(name: "device") {
      // After the driver has gone to sleep.
      _ = waitUntil(.milliseconds(100)) { false }
      Self.put(ring, 0, 0)
    }
    #expect(throws: FrontEndError.violation(.missingCall)) {
      try ring.wait(until: Deadline(after: .milliseconds(400)))
    }
    device.join()
  }

  @Test(arguments: [false, true]) func waitsUntilTheDeadlineOrTheError(_ isPolling: Bool) throws {
    let ring = try Self.ring()
    ring.isPolling = isPolling
    #expect(throws: FrontEndError.timedOut(.completing)) {
      try ring.wait(until: Deadline(after: .milliseconds(20)))
    }
    ring.error.signal()
    #expect(throws: FrontEndError.vringBroken) {
      try ring.wait(until: Deadline(after: .seconds(5)))
    }
  }

  /// The rule of both sides: kick if the event index lies in what was published since.
  @Test func kicksAsTheDeviceAsks() throws {
    let ring = try Self.ring(256)
    ring.memory.availableEvent = 0
    try ring.add(Self.segments(ring, 2), token: 1)
    ring.publish()
    #expect(ring.kickCount == 1)
    // The device is busy: its event index stays behind.
    try ring.add(Self.segments(ring, 2), token: 2)
    ring.publish()
    #expect(ring.kickCount == 1)
    // It wants to be kicked for the second one after this.
    ring.memory.availableEvent = 3
    try ring.add(Self.segments(ring, 2), token: 3)
    ring.publish()
    #expect(ring.kickCount == 1)
    try ring.add(Self.segments(ring, 2), token: 4)
    ring.publish()
    #expect(ring.kickCount == 2)
  }

  // MARK: Replies

  /// What a device answers, and what a strict queue says to it.
  struct Answer: Sendable {
    var header: OutHeader
    var usedByteCount: UInt32
    var violation: Violation
  }

  @Test(arguments: [
    Answer(
      header: OutHeader(byteCount: 120, error: 0, unique: 0), usedByteCount: 100,
      violation: .replyLength(header: 120, used: 100)),
    Answer(
      header: OutHeader(byteCount: 16, error: 0, unique: 1), usedByteCount: 16,
      violation: .replyUnique(1)),
    Answer(
      header: OutHeader(byteCount: 16, error: 5, unique: 0), usedByteCount: 16,
      violation: .replyError(5)),
    Answer(
      header: OutHeader(byteCount: 16, error: -512, unique: 0), usedByteCount: 16,
      violation: .replyError(-512)),
    Answer(
      header: OutHeader(byteCount: 24, error: -5, unique: 0), usedByteCount: 24,
      violation: .replyError(-5)),
    Answer(
      header: OutHeader(byteCount: 8, error: 0, unique: 0), usedByteCount: 8,
      violation: .unexpectedReply),
  ])
  func aStrictQueueRefusesRepliesThatBreakTheRules(_ answer: Answer) throws {
    let queue = RequestQueue(ring: try Self.ring(features: .version1))
    let ticket = try queue.submit(.getattr(.root))
    // Header, arguments, header of the reply: the third descriptor.
    let ring = queue.ring.memory
    let reply = ring[ring[ring[0].next].next]
    var header = answer.header
    if header.unique == 0 { header.unique = ticket }
    ring.region.store(header, at: GuestAddress(rawValue: reply.address))
    Self.put(queue.ring, 0, answer.usedByteCount)
    #expect(throws: FrontEndError.violation(answer.violation)) { try queue.next() }
  }

  @Test func theArenaGivesWhatNobodyHas() throws {
    let region = try MemoryRegion(guestAddress: GuestAddress(rawValue: 4096), byteCount: 1 << 16)
    let arena = Arena(region)
    var random = SeededRandom()
    var held: [GuestBuffer] = []
    for _ in 0..<2000 {
      if !held.isEmpty, random.oneIn(2) {
        arena.free(held.remove(at: Int.random(in: held.indices, using: &random)))
        continue
      }
      let byteCount = Int.random(in: 0...3000, using: &random)
      guard let buffer = try? arena.allocate(byteCount) else { continue }
      #expect(buffer.byteCount == byteCount)
      #expect(region.contains(buffer.address, byteCount: byteCount))
      let range = buffer.address.rawValue..<buffer.address.rawValue + UInt64(byteCount)
      for other in held {
        let taken = other.address.rawValue..<other.address.rawValue + UInt64(other.byteCount)
        #expect(!range.overlaps(taken), "seed \(random.seed)")
      }
      held.append(buffer)
    }
    #expect(throws: FrontEndError.outOfGuestMemory) { try arena.allocate(1 << 17) }
  }
}
