import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Rings of every size and chains of every shape that the specification allows.
@Suite struct QueueTests {
  /// Writes and reads back a pattern in `count` requests in flight at a time, and checks both.
  private static func exchange(
    _ guest: Guest, on client: FuseClient, count: Int, byteCount: Int = 3000, file: NameBytes = "f"
  ) throws {
    let made = try client.create(file)
    let (node, handle) = (made.entry.node, made.open.handle)
    var tickets: [UInt64] = []
    var buffers: [GuestBuffer] = []
    for number in 0..<count {
      let buffer = try client.queue.arena.allocate(byteCount)
      guest.device.memory.main.fill(buffer, with: UInt8(truncatingIfNeeded: number + 1))
      buffers.append(buffer)
      tickets.append(
        try client.queue.submit(
          .write(node, handle: handle, offset: UInt64(number * byteCount), from: [buffer])))
    }
    client.queue.flush()
    for ticket in tickets.reversed() {
      let reply: WriteOut = try client.queue.collect(ticket).succeeded().structure()
      #expect(Int(reply.byteCount) == byteCount)
    }
    for buffer in buffers { guest.device.memory.main.fill(buffer, with: 0) }
    tickets = []
    for (number, buffer) in buffers.enumerated() {
      let offset = UInt64(number * byteCount)
      tickets.append(
        try client.queue.submit(.read(node, handle: handle, offset: offset, into: [buffer])))
    }
    client.queue.flush()
    for (number, ticket) in tickets.enumerated() {
      let reply = try client.queue.collect(ticket).succeeded()
      #expect(reply.dataByteCount == byteCount)
      let expected = [UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: byteCount)
      #expect(guest.device.memory.bytes(of: buffers[number]) == expected)
    }
    for buffer in buffers { client.queue.arena.free(buffer) }
    try client.release(node, handle: handle)
    #expect(try client.lookup(file).attr.size == UInt64(count * byteCount))
    try client.unlink(file)
  }

  @Test(arguments: [2, 4, 16, 128, 1024, 32768] as [UInt16]) func servesRingsOfEverySize(
    _ size: UInt16
  ) throws {
    var options = DeviceOptions()
    options.queueSize = size
    let guest = try Guest(.swift, options: options)
    try Self.exchange(guest, on: guest.client, count: min(Int(size), 300))
    guest.client.queue.framing = .merged
    for _ in 0..<Int(size / 64 + 20) { _ = try guest.client.getattr() }
  }

  @Test(arguments: Backend.all, [[], .indirectDescriptors, .eventIndex] as [VirtioFeatures])
  func servesEveryChoiceOfFeatures(_ backend: Backend, _ more: VirtioFeatures) throws {
    var options = DeviceOptions()
    options.features = more.union(.version1)
    let guest = try Guest(backend, options: options)
    #expect(guest.device.features.intersection([.indirectDescriptors, .eventIndex]) == more)
    for isPolling in [false, true, false] {
      guest.client.queue.ring.isPolling = isPolling
      try Self.exchange(guest, on: guest.client, count: 20)
    }
  }

  /// The C peer loses the table at the end of a chain that begins without one.
  private static let shapes: [(Backend, ChainShape)] = Backend.all.flatMap { backend in
    let shapes: [ChainShape] = [.direct, .indirect]
    let more: [ChainShape] = backend == .c ? [] : [.mixed(direct: 1), .mixed(direct: 3)]
    return (shapes + more).map { (backend, $0) }
  }

  @Test(arguments: shapes) func takesChainsOfEveryShape(
    _ backend: Backend, _ shape: ChainShape
  ) throws {
    var options = DeviceOptions()
    options.queueSize = 1024
    let guest = try Guest(backend, options: options)
    guest.client.queue.shape = shape
    // The C peer demands that the headers are whole; the specification does not.
    let framings: [Framing] =
      backend == .c
      ? [.separate, .merged]
      : [.separate, .merged, .pieces(of: 1), .pieces(of: 7), .pieces(of: 16), .pieces(of: 1000)]
    for framing in framings {
      guest.client.queue.framing = framing
      let byteCount = framing == .pieces(of: 1) ? 300 : 3000
      try Self.exchange(guest, on: guest.client, count: 1, byteCount: byteCount)
      let handle = try guest.client.opendir().handle
      #expect(try guest.client.readAll(handle: handle, byteCount: 300).count == 2)
    }
  }

  @Test func takesAChainAsLongAsTheRing() throws {
    var options = DeviceOptions()
    options.queueSize = 1024
    let guest = try Guest(.swift, options: options)
    let client = guest.client
    let made = try client.create("f")
    let (node, handle) = (made.entry.node, made.open.handle)
    client.queue.shape = .direct
    // Header, arguments, 1020 pieces of data, header and structure of the reply.
    let buffer = try guest.buffer(1020 * 512)
    guest.device.memory.main.fill(buffer, with: 3)
    let pieces = buffer.pieces(of: 512)
    #expect(try client.write(node, handle: handle, from: pieces) == 1020 * 512)
    #expect(try hostStatus(guest.share("f")).size == 1020 * 512)
    #expect(client.queue.ring.freeCount == 1024)
    let back = try client.read(node, handle: handle, into: pieces.reversed())
    #expect(back == 1020 * 512)
  }

  /// A descriptor of no bytes is allowed, and says nothing.
  @Test func passesOverEmptyDescriptors() throws {
    let guest = try Guest(.swift)
    let queue = guest.client.queue
    let memory = guest.device.memory.main
    let buffer = try guest.buffer(4096)
    let empty = GuestBuffer(address: buffer.address, byteCount: 0)
    let header = InHeader(
      byteCount: 56, opcode: Opcode.getattr.rawValue, unique: 77, node: .root)
    memory.store(header, at: buffer.address)
    memory.store(GetattrIn(), at: buffer.address + 40)
    let reply = buffer.part(from: 1024)
    try queue.ring.add(
      [
        .readable(empty), .readable(buffer.part(from: 0, byteCount: 40)), .readable(empty),
        .readable(buffer.part(from: 40, byteCount: 16)), .writable(empty),
        .writable(reply.part(from: 0, byteCount: 120)), .writable(empty),
      ], token: 1)
    queue.ring.publish()
    try queue.ring.wait(until: Deadline(after: .seconds(5)))
    #expect(try queue.ring.take()?.byteCount == 120)
    #expect(memory.load(OutHeader.self, at: reply.address).unique == 77)
    _ = try guest.client.getattr()
  }

  @Test(arguments: [65530, 65535, 32767] as [UInt16]) func indicesWrap(
    _ firstIndex: UInt16
  ) throws {
    var options = DeviceOptions()
    options.firstIndex = firstIndex
    options.queueSize = 64
    let guest = try Guest(.swift, options: options)
    try Self.exchange(guest, on: guest.client, count: 50)
    for _ in 0..<100 { _ = try guest.client.getattr() }
  }

  @Test func indicesWrapAfter65536Requests() throws {
    var options = DeviceOptions()
    options.queueSize = 256
    let guest = try Guest(.swift, options: options)
    let queue = guest.client.queue
    var done = 0
    while done < 66_000 {
      while queue.ring.freeCount > 0 { _ = try queue.submit(.getattr(.root)) }
      queue.flush()
      #expect(try queue.collectAny().error == nil)
      done += 1
      while let reply = try queue.next() {
        #expect(reply.error == nil)
        done += 1
      }
    }
    while queue.inFlightCount > 0 { _ = try queue.collectAny() }
    #expect(done + 256 > 65536)
  }

  @Test func manyQueuesWorkAtTheSameTime() throws {
    var options = DeviceOptions()
    options.requestQueueCount = 4
    let guest = try Guest(.swift, options: options, more: ["--num-request-queues=4"])
    let clients = (0..<4).map { FuseClient(guest.device, queue: $0) }
    let memory = guest.device.memory
    try inParallel(clients.count) { number in
      let client = clients[number]
      let name = NameBytes("file of \(number)")
      let made = try client.create(name)
      let (node, handle) = (made.entry.node, made.open.handle)
      let buffer = try client.queue.arena.allocate(20_000)
      for round in 0..<200 {
        let byte = UInt8(truncatingIfNeeded: round * 4 + number)
        memory.main.fill(buffer, with: byte)
        let count = try client.write(node, handle: handle, from: buffer.pieces(of: 4096))
        memory.main.fill(buffer, with: 0)
        let back = try client.read(node, handle: handle, into: [buffer])
        // A file that all of them change.
        let shared = try client.create("shared")
        _ = try client.link(shared.entry.node, as: NameBytes("link \(number) \(round)"))
        try client.release(shared.entry.node, handle: shared.open.handle)
        let isRight = memory.bytes(of: buffer) == [UInt8](repeating: byte, count: 20_000)
        guard count == 20_000, back == 20_000, isRight else {
          throw Failure(what: "queue \(number), round \(round)")
        }
      }
    }
    #expect(try hostStatus(guest.share("shared")).links == 801)
    let node = try guest.client.lookup("shared").node
    for number in 0..<4 {
      #expect(try guest.client.lookup(NameBytes("link \(number) 7")).node == node)
    }
  }

  /// FORGET must get through however much the request queue has to do.
  @Test func priorityRequestsDoNotWaitForReads() throws {
    var options = DeviceOptions()
    options.queueSize = 1024
    let guest = try Guest(.swift, options: options) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 1, count: 1 << 20))
    }
    let client = guest.client
    let node = try client.lookup("f").node
    let handle = try client.open(node).handle
    let buffer = try guest.buffer(1 << 20)
    var overtakes = 0
    // How the host schedules its threads is not ours to say: it must work out most of the time.
    for _ in 0..<10 {
      _ = try client.lookup("f")
      for _ in 0..<200 {
        _ = try client.queue.submit(
          .read(node, handle: handle, offset: 0, into: buffer.pieces(of: 65536)))
      }
      client.queue.flush()
      try client.forget(node, lookups: 1)
      let used = client.queue.ring.memory.usedIndex
      if client.queue.ring.availableIndex != used { overtakes += 1 }
      while client.queue.inFlightCount > 0 {
        #expect(try client.queue.collectAny().dataByteCount == 1 << 20)
      }
    }
    #expect(overtakes >= 5)
  }
}
