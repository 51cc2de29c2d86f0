import FuseProtocol
import Frontend
import TestSupport
import Testing

/// The front-end's fast lane, with a device in this thread.
@Suite struct FastLaneTests {
  private struct Pair {
    let ring: DriverRing
    let lane: FastLane
    let device: NullDevice

    init(slotCount: Int = 4, size: UInt16 = 8, firstIndex: UInt16 = 0) throws {
      let memory = try MemoryRegion(
        guestAddress: GuestAddress(rawValue: 1 << 20), byteCount: 1 << 20)
      ring = try DriverRing(
        vring: 1, size: size, features: [.indirectDescriptors, .eventIndex],
        arena: Arena(memory), firstIndex: firstIndex)
      lane = try FastLane(ring, slotCount: slotCount, capacity: 8)
      device = NullDevice(ring)
    }
  }

  @Test func whatIsStartedComesBackInEverySlotAndAcrossTheIndexsEnd() throws {
    let pair = try Pair(firstIndex: 65_000)
    let requests = try (0..<4).map { _ in try pair.lane.prepare(.getattr(.root)) }
    pair.lane.takeOver()
    for _ in 0..<1000 {
      for (slot, request) in requests.enumerated() { pair.lane.start(request, in: slot) }
      pair.lane.publish()
      pair.device.answer()
      #expect(try pair.lane.wait(isSleeping: false, milliseconds: 1000))
      #expect(pair.lane.usedCount == 4)
      for slot in 0..<4 {
        let reply = try pair.lane.take()
        #expect(reply.slot == slot)
        #expect(reply.request == requests[slot])
        #expect(reply.error == 0)
        #expect(reply.byteCount == MemoryLayout<AttrOut>.size)
      }
    }
    #expect(pair.lane.outstandingCount == 0)
    pair.lane.handBack()
  }

  @Test func aRequestWithoutAReplyComesBackEmpty() throws {
    let pair = try Pair()
    let request = try pair.lane.prepare(.forget(.root, lookups: 1))
    pair.lane.takeOver()
    pair.lane.start(request, in: 0)
    pair.lane.publish()
    pair.device.answer()
    #expect(try pair.lane.take().byteCount == 0)
  }

  @Test(arguments: [
    NullDevice.Fault.unique, .length, .error, .head, .room, .short,
  ])
  func aDeviceThatBreaksARuleIsNoticed(fault: NullDevice.Fault) throws {
    let pair = try Pair()
    let request = try pair.lane.prepare(.getattr(.root))
    pair.device.fault = fault
    pair.lane.takeOver()
    pair.lane.start(request, in: 2)
    pair.lane.publish()
    pair.device.answer()
    #expect {
      _ = try pair.lane.take()
    } throws: { error in
      guard case .violation? = error as? FrontEndError else { return false }
      return true
    }
  }

  @Test func anElementThatNobodyAskedForIsNoticed() throws {
    let pair = try Pair()
    let request = try pair.lane.prepare(.getattr(.root))
    pair.lane.takeOver()
    pair.lane.start(request, in: 0)
    pair.lane.publish()
    pair.device.answer()
    _ = try pair.lane.take()
    pair.ring.memory.usedIndex &+= 1
    #expect(pair.lane.usedCount == 1)
    #expect(throws: FrontEndError.violation(.usedElement(0))) { try pair.lane.take() }
  }

  @Test func fieldsAreStoredWhereTheyBelong() throws {
    let pair = try Pair()
    let page = try pair.lane.allocate(4096)
    let request = try pair.lane.prepare(
      .write(NodeID(rawValue: 7), handle: 1, offset: 0, from: [page]))
    pair.lane.storeData(0x1122_3344_5566_7788, at: 4088, of: request)
    #expect(pair.lane.data64(request, at: 4088) == 0x1122_3344_5566_7788)
    let region = pair.ring.memory.region
    #expect(region.load(UInt64.self, at: page.address + 4088) == 0x1122_3344_5566_7788)
  }

  @Test func itNeedsARingThatIsLargeEnough() throws {
    #expect(throws: FrontEndError.ringFull) { try Pair(slotCount: 16) }
    let pair = try Pair()
    let pages = try pair.lane.allocate(65536)
    #expect(throws: FrontEndError.ringFull) {
      try pair.lane.prepare(.read(.root, handle: 0, offset: 0, into: [pages]))
    }
  }

  @Test(arguments: [false, true])
  func theRingServesBothByTurns(isSleeping: Bool) throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/file", "text") }
    let device = try GuestDevice(path: daemon.socket)
    let client = FuseClient(device)
    _ = try client.initialize()
    let lane = try FastLane(device.requestQueue().ring, slotCount: 8, capacity: 8)
    let requests = try (0..<8).map { _ in try lane.prepare(.getattr(.root)) }
    var callCount = 0
    for _ in 0..<50 {
      #expect(try client.lookup("file").attr.size == 4)
      lane.takeOver()
      for (slot, request) in requests.enumerated() { lane.start(request, in: slot) }
      lane.publish()
      while lane.outstandingCount > 0 {
        #expect(try lane.wait(isSleeping: isSleeping, milliseconds: 5000))
        for _ in 0..<lane.usedCount { #expect(try lane.take().error == 0) }
      }
      #expect(lane.kickCount <= 1)
      callCount += lane.callCount
      lane.handBack()
    }
    #expect(callCount > 0 || !isSleeping)
  }
}
