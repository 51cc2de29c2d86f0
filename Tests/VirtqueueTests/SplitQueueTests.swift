import Frontend
import Linux
import Testing

@testable import Virtqueue

@Suite struct SplitQueueTests {
  @Test(arguments: [ChainShape.direct, .indirect, .mixed(direct: 1), .mixed(direct: 3)])
  func readsWhatTheDriverWroteInEveryShape(_ shape: ChainShape) throws {
    let rings = try Rings()
    let out = try rings.buffer([0, 0, 0, 0])
    try rings.driver.add(
      [
        .readable(try rings.buffer([1, 2, 3])), .readable(try rings.buffer([])),
        .readable(try rings.buffer([4])), .writable(out.part(from: 0, byteCount: 1)),
        .writable(out.part(from: 1)),
      ], token: 7, shape: shape)
    rings.driver.publish()

    var chain = Chain()
    #expect(try rings.queue.take(into: &chain))
    #expect(contents(of: chain.readable) == [1, 2, 3, 4])
    #expect(chain.writable.byteCount == 4)
    let reply: [UInt8] = [9, 8, 7]
    // SAFETY: bytes have no padding.
    unsafe chain.writable.copyIn(reply.span.bytes)
    rings.queue.complete(head: chain.head, written: 3)
    _ = rings.queue.publish()

    let completion = try rings.driver.take()
    #expect(completion?.token == 7)
    #expect(completion?.byteCount == 3)
    #expect(rings.ram.bytes(of: out) == [9, 8, 7, 0])
  }

  @Test(arguments: [1, 2, 256, 32768] as [UInt16])
  func goesRoundTheRingAndTheIndices(_ size: UInt16) throws {
    let rings = try Rings(size: size, firstIndex: 65530)
    for round in 0..<20 {
      try rings.driver.add([.readable(try rings.buffer([1]))], token: UInt64(round))
      rings.driver.publish()
      var chain = Chain()
      #expect(try rings.queue.take(into: &chain))
      rings.queue.complete(head: chain.head, written: 0)
      _ = rings.queue.publish()
      #expect(try rings.driver.take()?.token == UInt64(round))
    }
    #expect(rings.queue.nextAvailable == 65530 &+ 20)
  }

  @Test func returnsChainsInAnyOrder() throws {
    let rings = try Rings()
    var heads: [UInt16] = []
    for token in 0..<3 {
      try rings.driver.add([.readable(try rings.buffer([1]))], token: UInt64(token))
    }
    rings.driver.publish()
    for _ in 0..<3 {
      var chain = Chain()
      #expect(try rings.queue.take(into: &chain))
      heads.append(chain.head)
    }
    for head in [heads[1], heads[2], heads[0]] { rings.queue.complete(head: head, written: 0) }
    _ = rings.queue.publish()
    var tokens: [UInt64] = []
    while let completion = try rings.driver.take() { tokens.append(completion.token) }
    #expect(tokens == [1, 2, 0])
  }

  @Test func aBufferMayCrossRegionsThatAdjoin() throws {
    let first = try Frontend.MemoryRegion(
      guestAddress: Frontend.GuestAddress(rawValue: 1 << 20), byteCount: 1 << 20)
    let second = try Frontend.MemoryRegion(
      guestAddress: Frontend.GuestAddress(rawValue: 2 << 20), byteCount: 1 << 20)
    let rings = try Rings(ram: GuestRAM(regions: [first, second]))
    let across = GuestBuffer(
      address: Frontend.GuestAddress(rawValue: (2 << 20) - 2), byteCount: 5)
    rings.ram.store(bytes: [1, 2, 3, 4, 5], at: across.address)
    try rings.driver.add([.readable(across)], token: 0)
    rings.driver.publish()
    var chain = Chain()
    #expect(try rings.queue.take(into: &chain))
    #expect(contents(of: chain.readable) == [1, 2, 3, 4, 5])
  }

  @Test(arguments: [0, 3, 6, 1000, 65535] as [UInt16])
  func refusesASizeThatIsNoPowerOfTwo(_ size: UInt16) throws {
    let rings = try Rings()
    #expect(throws: Errno.invalidArgument) {
      _ = try SplitQueue(
        size: size,
        addresses: RingAddresses(
          descriptors: UserAddress(rawValue: 0), available: UserAddress(rawValue: 0),
          used: UserAddress(rawValue: 0)), nextAvailable: 0, features: [],
        memory: try Rings.memory(rings.ram))
    }
  }

  @Test(arguments: [(8, 0, 0), (0, 1, 0), (0, 0, 2), (1 << 40, 0, 0), (0, 4 << 20, 0)])
  func refusesRingsThatAreMisalignedOrOutside(_ shift: (UInt64, UInt64, UInt64)) throws {
    let rings = try Rings()
    let start = rings.ram.main.userAddress(of: rings.ram.main.guestAddress)
    #expect(throws: Errno.badAddress) {
      _ = try SplitQueue(
        size: 8,
        addresses: RingAddresses(
          descriptors: UserAddress(rawValue: start + shift.0),
          available: UserAddress(rawValue: start + 4096 + shift.1),
          used: UserAddress(rawValue: start + 8192 + shift.2)), nextAvailable: 0, features: [],
        memory: try Rings.memory(rings.ram))
    }
  }

  // MARK: Notifications

  /// virtio 1.3, 2.7.7.2: called exactly if the batch passed the driver's event index.
  @Test(arguments: 0..<5, 1..<4)
  func callsWhenTheEventIndexIsPassed(_ event: Int, _ batch: Int) throws {
    let start: UInt16 = 65534
    let rings = try Rings(firstIndex: start)
    try rings.offer(count: batch)
    try rings.serve(count: batch)
    rings.driver.memory.usedEvent = start &+ UInt16(event)
    #expect(rings.queue.publish() == (event < batch))
  }

  /// A driver sees some answers before the batch ends, and is called then already if it sleeps:
  /// else it would wake when all is done, and neither side would work while the other does.
  @Test(arguments: 0..<20, [true, false])
  func showsAndCallsInTheMiddleOfABatch(_ event: Int, _ hasEventIndex: Bool) throws {
    let start: UInt16 = 65530
    let rings = try Rings(
      size: 32, features: hasEventIndex ? [.eventIndex] : [], firstIndex: start)
    let call = try EventDescriptor()
    rings.queue.call = call.borrowed
    try rings.offer(count: 15)
    rings.driver.memory.usedEvent = start &+ UInt16(event)
    /// Whether a call is due that asks for the elements in `range`.
    func isAsked(for range: Range<Int>) -> Bool { !hasEventIndex || range.contains(event) }
    for count in 1...15 {
      try rings.serve(count: 1)
      // After the last one that is known there may be nothing more to wait for.
      let shown: UInt16 = count < 4 ? 0 : count < 12 ? 4 : count < 15 ? 12 : 15
      #expect(rings.driver.memory.usedIndex &- start == shown)
      let isCalled = count == 4 && isAsked(for: 0..<4) || count == 12 && isAsked(for: 4..<12)
      #expect(call.borrowed.takeEventCount() == (isCalled ? 1 : 0), "\(count)")
    }
    rings.queue.answer()
    #expect(rings.driver.memory.usedIndex &- start == 15)
    #expect(call.borrowed.takeEventCount() == (isAsked(for: 12..<15) ? 1 : 0))
    #expect(!rings.queue.publish(), "asked once")
  }

  /// Where calling early does not pay, what is shown in the middle of a batch is asked about at its
  /// end: no call is lost, and none is made twice.
  @Test(arguments: 0..<16, [true, false])
  func whatIsShownWithoutACallIsCalledForAtTheEnd(_ event: Int, _ hasEventIndex: Bool) throws {
    let rings = try Rings(size: 16, features: hasEventIndex ? [.eventIndex] : [])
    let call = try EventDescriptor()
    rings.queue.call = call.borrowed
    func serve(_ count: Int) throws {
      try rings.offer(count: count)
      try rings.serve(count: count)
    }
    // Calls early on trial, then does not: after so many answers.
    var answered: UInt64 = 0
    while answered <= EarlyCalls.answersPerTrial {
      try serve(15)
      answered += 15
      rings.queue.answer()
      while try rings.driver.take() != nil {}
    }
    _ = call.borrowed.takeEventCount()
    let before = rings.driver.memory.usedIndex
    rings.driver.memory.usedEvent = before &+ UInt16(event)
    try serve(15)
    #expect(rings.driver.memory.usedIndex &- before == 15, "shown")
    #expect(call.borrowed.takeEventCount() == 0, "not called")
    rings.queue.answer()
    #expect(call.borrowed.takeEventCount() == (!hasEventIndex || event < 15 ? 1 : 0))
    rings.queue.answer()
    #expect(call.borrowed.takeEventCount() == 0)
  }

  @Test(arguments: [0, 1] as [UInt16])
  func callsUnlessTheFlagForbidsIt(_ flags: UInt16) throws {
    let rings = try Rings(features: [])
    rings.driver.memory.availableFlags = flags
    #expect(!rings.queue.publish(), "nothing to tell")
    try rings.offer(count: 1)
    try rings.serve(count: 1)
    #expect(rings.queue.publish() == (flags == 0))
  }

  @Test func armingSaysWhetherAChainCameMeanwhile() throws {
    for features in [Virtqueue.Features.eventIndex, []] {
      let rings = try Rings(features: features)
      #expect(!rings.queue.armKicks())
      #expect(rings.driver.memory.availableEvent == 0)
      try rings.driver.add([.readable(try rings.buffer([1]))], token: 0)
      rings.driver.publish()
      #expect(rings.driver.kickCount == 1, "the driver kicks an armed queue")
      #expect(rings.queue.armKicks())
    }
  }

  @Test func aSuppressedQueueIsNotKicked() throws {
    let rings = try Rings(features: [])
    rings.queue.suppressKicks()
    try rings.driver.add([.readable(try rings.buffer([1]))], token: 0)
    rings.driver.publish()
    #expect(rings.driver.kickCount == 0)
  }

  // MARK: Memory

  @Test func goesOnInAnotherMemoryTable() throws {
    let rings = try Rings()
    try rings.driver.add([.readable(try rings.buffer([5]))], token: 0)
    rings.driver.publish()
    try rings.queue.replaceMemory(try Rings.memory(rings.ram))
    var chain = Chain()
    #expect(try rings.queue.take(into: &chain))
    #expect(chain.memoryGeneration == 1)
    #expect(contents(of: chain.readable) == [5])
  }

  @Test func keepsItsMemoryIfTheNewOneLacksTheRings() throws {
    let rings = try Rings()
    #expect(throws: Errno.badAddress) { try rings.queue.replaceMemory(try GuestMemory([])) }
    try rings.driver.add([.readable(try rings.buffer([5]))], token: 0)
    rings.driver.publish()
    #expect(try Taken(from: rings.queue) == Taken(readable: 1, writable: 0))
  }
}
