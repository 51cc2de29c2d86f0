import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Rings and chains that a driver must not make (virtio 1.3, 2.7): the vring breaks and says so,
/// everything else goes on, and a reset mends it.
@Suite struct ChainTests {
  /// One way to break a vring. `make` gets the ring and a page of the guest's memory.
  struct Malformed: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var features: VirtioFeatures = [.version1, .indirectDescriptors, .eventIndex]
    var make: @Sendable (DriverRing, GuestBuffer) -> Void

    init(
      _ name: String, features: VirtioFeatures = [.version1, .indirectDescriptors, .eventIndex],
      _ make: @escaping @Sendable (DriverRing, GuestBuffer) -> Void
    ) {
      testDescription = name
      self.features = features
      self.make = make
    }
  }

  private static let next = RingDescriptor.nextFlag
  private static let write = RingDescriptor.writeFlag
  private static let indirect = RingDescriptor.indirectFlag

  /// A descriptor of the page, from `offset`.
  private static func piece(
    _ page: GuestBuffer, _ offset: Int = 0, _ count: UInt32 = 64, flags: UInt16 = 0,
    next: UInt16 = 0
  ) -> RingDescriptor {
    RingDescriptor(
      address: page.address.rawValue + UInt64(offset), byteCount: count, flags: flags, next: next)
  }

  /// Puts descriptors into a table in the page, from 2048 on, and refers to it from descriptor 0.
  private static func table(
    _ ring: DriverRing, _ page: GuestBuffer, _ entries: [RingDescriptor], flags: UInt16 = indirect,
    byteCount: UInt32? = nil
  ) {
    for (index, entry) in entries.enumerated() {
      ring.memory.region.store(entry, at: page.address + 2048 + 16 * index)
    }
    ring.memory[0] = piece(page, 2048, byteCount ?? UInt32(16 * entries.count), flags: flags)
    ring.offer(0)
  }

  static let all: [Malformed] = [
    Malformed("avail.idx ahead by more than the size") { ring, _ in
      for _ in 0...ring.memory.size { ring.offer(0) }
    },
    Malformed("avail.idx goes back") { ring, _ in
      for _ in 0..<UInt16.max { ring.offer(0) }
    },
    Malformed("a head past the table") { ring, _ in ring.offer(ring.memory.size) },
    Malformed("head 65535") { ring, _ in ring.offer(.max) },
    Malformed("next past the table") { ring, page in
      ring.memory[0] = piece(page, flags: next, next: ring.memory.size)
      ring.offer(0)
    },
    Malformed("a loop of one") { ring, page in
      ring.memory[0] = piece(page, flags: next, next: 0)
      ring.offer(0)
    },
    Malformed("a loop of two") { ring, page in
      ring.memory[0] = piece(page, flags: next, next: 1)
      ring.memory[1] = piece(page, flags: next, next: 0)
      ring.offer(0)
    },
    Malformed("a loop of empty descriptors") { ring, page in
      ring.memory[0] = piece(page, 0, 0, flags: next, next: 0)
      ring.offer(0)
    },
    Malformed("readable after writable") { ring, page in
      ring.memory[0] = piece(page, 0, 56, flags: next, next: 1)
      ring.memory[1] = piece(page, 1024, 16, flags: next | write, next: 2)
      ring.memory[2] = piece(page, 64, 8)
      ring.offer(0)
    },
    Malformed("unmapped memory") { ring, page in
      ring.memory[0] = RingDescriptor(address: 0, byteCount: 64)
      ring.offer(0)
    },
    Malformed("an address that overflows") { ring, page in
      ring.memory[0] = RingDescriptor(address: .max - 10, byteCount: 64)
      ring.offer(0)
    },
    Malformed("past the end of the memory") { ring, page in
      let region = ring.memory.region
      let end = region.guestAddress.rawValue + UInt64(region.byteCount)
      ring.memory[0] = RingDescriptor(address: end - 16, byteCount: 64)
      ring.offer(0)
    },
    Malformed("unmapped memory to write to") { ring, page in
      ring.memory[0] = piece(page, 0, 56, flags: next, next: 1)
      ring.memory[1] = RingDescriptor(address: 1 << 50, byteCount: 4096, flags: write)
      ring.offer(0)
    },
    Malformed("4 GiB in one descriptor") { ring, page in
      ring.memory[0] = piece(page, 0, .max)
      ring.offer(0)
    },
    Malformed("an empty table") { ring, page in table(ring, page, []) },
    Malformed("a table of 17 bytes") { ring, page in
      table(ring, page, [piece(page), piece(page)], byteCount: 17)
    },
    Malformed("a table in unmapped memory") { ring, page in
      ring.memory[0] = RingDescriptor(address: 64, byteCount: 64, flags: indirect)
      ring.offer(0)
    },
    Malformed("a table of 4 GiB") { ring, page in
      table(ring, page, [piece(page)], byteCount: 0xFFFF_FFF0)
    },
    Malformed("a table and a next") { ring, page in
      ring.memory[1] = piece(page)
      table(ring, page, [piece(page)], flags: indirect | next)
    },
    Malformed("a table in a table") { ring, page in
      table(ring, page, [piece(page, 1024, 32, flags: indirect)])
    },
    Malformed("a loop in a table") { ring, page in
      table(
        ring, page,
        [piece(page, flags: next, next: 1), piece(page, flags: next, next: 0)])
    },
    Malformed("next past the end of a table") { ring, page in
      table(ring, page, [piece(page, flags: next, next: 1)])
    },
    Malformed("readable after writable in a table") { ring, page in
      table(
        ring, page,
        [piece(page, 1024, 16, flags: write | next, next: 1), piece(page, 0, 56)])
    },
    Malformed("a table that was not agreed on", features: [.version1, .eventIndex]) { ring, page in
      table(ring, page, [piece(page)])
    },
    Malformed("a loop without EVENT_IDX", features: [.version1]) { ring, page in
      ring.memory[0] = piece(page, flags: next, next: 0)
      ring.offer(0)
    },
  ]

  @Test(arguments: all) func breaksOnlyItsVring(_ malformed: Malformed) throws {
    var options = DeviceOptions()
    options.requestQueueCount = 2
    options.queueSize = 64
    options.features = malformed.features
    let guest = try Guest(.swift, options: options, more: ["--num-request-queues=2"])
    let node = try guest.client.mkdir("d").node
    let ring = guest.client.queue.ring
    let page = try guest.buffer(4096)
    malformed.make(ring, page)
    ring.publish()
    #expect(try ring.isBroken(within: .seconds(5)))
    // Nothing is answered there any more.
    ring.error.clear()
    ring.kick.signal()
    // The other queue and the one for priority requests do not notice.
    let second = FuseClient(guest.device, queue: 1)
    for _ in 0..<5 {
      #expect(try second.getattr(node).mode == 0o040755)
      _ = try second.lookup("d")
      try second.forget(node, lookups: 1)
    }
    #expect(try !guest.device.requestQueue(1).ring.isBroken())
    #expect(try !guest.device.queues[0].ring.isBroken())
    // A reset of the device mends it, and the session has lost nothing.
    try guest.device.stop()
    try guest.device.restartAnew()
    let client = FuseClient(guest.device)
    #expect(try client.getattr(node).mode == 0o040755)
    #expect(guest.daemon.process.isRunning)
  }

  /// A broken vring takes its requests in flight along in order: GET_VRING_BASE still answers.
  @Test func aBrokenVringStopsWithRequestsInFlight() throws {
    var options = DeviceOptions()
    options.queueSize = 256
    let guest = try Guest(.swift, options: options) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 9, count: 1 << 20))
    }
    let node = try guest.client.lookup("f").node
    let handle = try guest.client.open(node).handle
    let buffer = try guest.buffer(1 << 20)
    for _ in 0..<5 {
      let queue = guest.device.requestQueue()
      for _ in 0..<50 {
        _ = try queue.submit(.read(node, handle: handle, offset: 0, into: [buffer]))
      }
      queue.ring.offer(.max)
      queue.flush()
      #expect(try queue.ring.isBroken(within: .seconds(5)))
      try guest.device.stop()
      try guest.device.restartAnew()
    }
    #expect(try FuseClient(guest.device).getattr(node).size == 1 << 20)
  }

  /// The same head twice is the driver's own loss; it must not confuse the device.
  @Test func theSameHeadTwiceDoesNoHarm() throws {
    var options = DeviceOptions()
    options.requestQueueCount = 2
    let guest = try Guest(.swift, options: options, more: ["--num-request-queues=2"])
    let ring = guest.client.queue.ring
    let page = try guest.buffer(4096)
    let header = InHeader(byteCount: 56, opcode: Opcode.getattr.rawValue, unique: 1, node: .root)
    ring.memory.region.store(header, at: page.address)
    ring.memory[0] = Self.piece(page, 0, 56, flags: Self.next, next: 1)
    ring.memory[1] = Self.piece(page, 1024, 120, flags: Self.write)
    for _ in 0..<20 {
      for _ in 0..<50 { ring.offer(0) }
      ring.publish()
      let isDone = try waitUntil {
        try ring.memory.usedIndex == ring.availableIndex || ring.isBroken()
      }
      #expect(isDone)
    }
    let second = FuseClient(guest.device, queue: 1)
    _ = try second.getattr()
  }

  /// A kick for nothing, and many of them.
  @Test func toleratesKicksForNothing() throws {
    let guest = try Guest(.swift)
    let ring = guest.client.queue.ring
    for _ in 0..<1000 { ring.kick.signal() }
    for _ in 0..<100 {
      ring.kick.signal()
      _ = try guest.client.getattr()
    }
    #expect(ring.memory.usedIndex == ring.availableIndex)
  }

  /// Buffers that overlap, among themselves or with the ring, are the driver's own loss.
  @Test func buffersOverTheRingDoNoHarm() throws {
    var options = DeviceOptions()
    options.requestQueueCount = 2
    let guest = try Guest(.swift, options: options, more: ["--num-request-queues=2"]) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 0xFF, count: 65536))
    }
    let node = try guest.client.lookup("f").node
    let handle = try guest.client.open(node).handle
    let queue = guest.client.queue
    let memory = queue.ring.memory
    for part in [memory.descriptors, memory.available, memory.used] {
      queue.isStrict = false
      let over = GuestBuffer(address: part, byteCount: 64)
      if let ticket = try? queue.submit(
        .read(node, handle: handle, offset: 0, into: [over]))
      {
        queue.timeout = .milliseconds(300)
        queue.flush()
        _ = try? queue.collect(ticket)
      }
    }
    let second = FuseClient(guest.device, queue: 1)
    #expect(try second.getattr(node).size == 65536)
    try guest.device.stop()
    try guest.device.restartAnew()
    #expect(try FuseClient(guest.device).getattr(node).size == 65536)
  }
}
