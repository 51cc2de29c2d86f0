import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// GET_VRING_BASE and changes of memory, while requests are in flight.
@Suite struct DrainTests {
  private static func guestWithFile(_ more: [String] = []) throws -> (Guest, NodeID, UInt64) {
    var options = DeviceOptions()
    options.queueSize = 256
    let guest = try Guest(.swift, options: options, more: more) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 9, count: 1 << 20))
    }
    let node = try guest.client.lookup("f").node
    return (guest, node, try guest.client.open(node).handle)
  }

  @Test(arguments: ["uring", "sync"]) func stoppingFinishesWhatWasTaken(
    _ engine: String
  ) throws {
    let (guest, node, handle) = try Self.guestWithFile(["--io-engine=\(engine)"])
    let queue = guest.client.queue
    let ring = queue.ring
    let buffer = try guest.buffer(1 << 20)
    var random = SeededRandom()
    for round in 0..<30 {
      let count = Int.random(in: 1...100, using: &random)
      for number in 0..<count {
        _ = try queue.submit(
          number % 5 == 0
            ? .fsync(node, handle: handle)
            : .read(node, handle: handle, offset: 0, into: buffer.pieces(of: 65536)))
      }
      queue.flush()
      try guest.device.stop()
      // What was taken was returned, before the answer, and nothing after it.
      let used = ring.memory.usedIndex
      #expect(ring.deviceIndex == used, "round \(round), seed \(random.seed)")
      #expect(ring.availableIndex &- used <= 256)
      try guest.device.start()
      while queue.inFlightCount > 0 { #expect(try queue.collectAny().error == nil) }
    }
    #expect(ring.memory.usedIndex == ring.availableIndex)
  }

  @Test func nothingIsWrittenToAStoppedRing() throws {
    let (guest, node, handle) = try Self.guestWithFile()
    let queue = guest.client.queue
    let buffer = try guest.buffer(1 << 20)
    for _ in 0..<50 {
      _ = try queue.submit(.read(node, handle: handle, offset: 0, into: [buffer]))
    }
    queue.flush()
    try guest.device.stop()
    let used = queue.ring.memory.usedIndex
    guest.device.memory.main.fill(buffer, with: 0)
    queue.ring.call.clear()
    queue.ring.kick.signal()
    #expect(try !waitForCall(queue.ring, .milliseconds(100)))
    #expect(queue.ring.memory.usedIndex == used)
    #expect(guest.device.memory.bytes(of: buffer) == [UInt8](repeating: 0, count: 1 << 20))
  }

  private func waitForCall(_ ring: DriverRing, _ duration: Duration) throws -> Bool {
    let milliseconds = Int32(duration.components.attoseconds / 1_000_000_000_000_000)
    return try Descriptor.pollInput([ring.call.readable], milliseconds: milliseconds) != 0
  }

  @Test func oneVringStopsAndTheOthersGoOn() throws {
    var options = DeviceOptions()
    options.requestQueueCount = 2
    let guest = try Guest(.swift, options: options, more: ["--num-request-queues=2"])
    let second = FuseClient(guest.device, queue: 1)
    let first = guest.client.queue.ring
    for _ in 0..<20 {
      try guest.device.connection.setVringEnabled(1, false)
      try guest.device.stopRing(first)
      for _ in 0..<10 { _ = try second.getattr() }
      try guest.device.startRing(first)
      try guest.device.connection.setVringEnabled(1, true)
      _ = try guest.client.getattr()
    }
  }

  @Test func theTableMayBeSentAgainWhileRequestsAreInFlight() throws {
    var options = DeviceOptions()
    options.style = .cloudHypervisor
    options.queueSize = 256
    let guest = try Guest(.swift, options: options) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 9, count: 1 << 20))
    }
    let node = try guest.client.lookup("f").node
    let handle = try guest.client.open(node).handle
    let queue = guest.client.queue
    let buffer = try guest.buffer(1 << 20)
    let mappings = try memoryFileMappingCount(of: guest.daemon.process.id)
    for _ in 0..<50 {
      for _ in 0..<20 {
        _ = try queue.submit(
          .read(node, handle: handle, offset: 0, into: buffer.pieces(of: 4096)))
      }
      queue.flush()
      try guest.device.connection.setMemoryTable(guest.device.memory.regions)
      while queue.inFlightCount > 0 {
        #expect(try queue.collectAny().dataByteCount == 1 << 20)
      }
    }
    // A table goes when the last request that used it is done and its queue has noticed.
    let isEven = try waitUntil(.seconds(2)) {
      _ = try guest.client.getattr()
      return try memoryFileMappingCount(of: guest.daemon.process.id) == mappings
    }
    let now = try memoryFileMappingCount(of: guest.daemon.process.id)
    #expect(isEven, "\(now), not \(mappings)")
  }

  private static let hotAddress = GuestAddress(rawValue: 1 << 40)

  @Test func memoryComesAndGoes() throws {
    let (guest, node, handle) = try Self.guestWithFile()
    let queue = guest.client.queue
    let connection = guest.device.connection
    let before = try openDescriptors(of: guest.daemon.process.id).count
    let mappings = try memoryFileMappingCount(of: guest.daemon.process.id)
    let nines = [UInt8](repeating: 9, count: 1 << 20)
    for _ in 0..<50 {
      let region = try MemoryRegion(guestAddress: Self.hotAddress, byteCount: 1 << 20)
      try connection.addMemoryRegion(region)
      let whole = GuestBuffer(address: region.guestAddress, byteCount: 1 << 20)
      for _ in 0..<5 {
        _ = try queue.submit(
          .read(node, handle: handle, offset: 0, into: whole.pieces(of: 65536)))
      }
      queue.flush()
      while queue.inFlightCount > 0 {
        #expect(try queue.collectAny().dataByteCount == 1 << 20)
      }
      #expect(region.bytes(at: whole.address, count: 1 << 20) == nines)
      try connection.removeMemoryRegion(region)
    }
    #expect(try openDescriptors(of: guest.daemon.process.id).count == before)
    // A table goes when the last request that used it is done and its queue has noticed.
    let isEven = try waitUntil(.seconds(2)) {
      _ = try guest.client.getattr()
      return try memoryFileMappingCount(of: guest.daemon.process.id) == mappings
    }
    let now = try memoryFileMappingCount(of: guest.daemon.process.id)
    #expect(isEven, "\(now), not \(mappings)")
  }

  /// What was taken before the removal is served; what comes after it breaks the vring, no more.
  @Test func memoryGoesWhileRequestsUseIt() throws {
    let (guest, node, handle) = try Self.guestWithFile()
    var client = guest.client
    let connection = guest.device.connection
    for _ in 0..<10 {
      let region = try MemoryRegion(guestAddress: Self.hotAddress, byteCount: 1 << 20)
      try connection.addMemoryRegion(region)
      let whole = GuestBuffer(address: region.guestAddress, byteCount: 1 << 20)
      for _ in 0..<50 {
        _ = try client.queue.submit(
          .read(node, handle: handle, offset: 0, into: whole.pieces(of: 65536)))
      }
      client.queue.flush()
      try connection.removeMemoryRegion(region)
      region.fill(whole, with: 0)
      do {
        while client.queue.inFlightCount > 0 { _ = try client.queue.collectAny() }
      } catch {
        #expect(error == .vringBroken)
      }
      try guest.device.stop()
      try guest.device.restartAnew()
      client = FuseClient(guest.device)
      #expect(try client.read(node, handle: handle, byteCount: 3) == [9, 9, 9])
    }
  }

  /// Two regions that adjoin for the guest and lie apart for the host.
  @Test func aBufferMayLieAcrossRegions() throws {
    let start: UInt64 = 1 << 32
    let size = 64 << 20
    let main = try MemoryRegion(
      guestAddress: GuestAddress(rawValue: start), byteCount: size, fileOffset: 8192)
    let next = try MemoryRegion(
      guestAddress: GuestAddress(rawValue: start + UInt64(size)), byteCount: 1 << 20,
      fileOffset: 4096)
    var options = DeviceOptions()
    options.memory = GuestRAM(regions: [main, next])
    for style in [FrontEndStyle.qemu10, .crosvm] {
      options.style = style
      let guest = try Guest(.swift, options: options, more: ["--tag=x"])
      let client = guest.client
      let made = try client.create("f")
      let (node, handle) = (made.entry.node, made.open.handle)
      let across = GuestBuffer(address: next.guestAddress + -5000, byteCount: 10_000)
      let contents = SeededRandom(seed: 3).sequence(10_000)
      guest.device.memory.store(bytes: contents, at: across.address)
      #expect(try client.write(node, handle: handle, from: [across]) == 10_000)
      #expect(try hostRead(guest.share("f")) == contents)
      guest.device.memory.store(
        bytes: [UInt8](repeating: 0, count: 10_000), at: across.address)
      #expect(try client.read(node, handle: handle, into: [across]) == 10_000)
      #expect(guest.device.memory.bytes(of: across) == contents)
      // Headers and structures may lie across, too.
      let split = GuestBuffer(address: next.guestAddress + -50, byteCount: 100)
      let header = InHeader(
        byteCount: 56, opcode: Opcode.getattr.rawValue, unique: 7, node: .root)
      var request: [UInt8] = []
      request.append(wire: header)
      request.append(wire: GetattrIn())
      guest.device.memory.store(bytes: request, at: split.address)
      let reply = GuestBuffer(address: next.guestAddress + 1000, byteCount: 120)
      try client.queue.ring.add(
        [.readable(split.part(from: 0, byteCount: 56)), .writable(reply)], token: 5)
      client.queue.ring.publish()
      try client.queue.ring.wait(until: Deadline(after: .seconds(5)))
      #expect(try client.queue.ring.take()?.byteCount == 120)
    }
  }
}

extension SeededRandom {
  /// The first bytes that the seed gives.
  fileprivate func sequence(_ count: Int) -> [UInt8] {
    var copy = self
    return copy.bytes(count)
  }
}
