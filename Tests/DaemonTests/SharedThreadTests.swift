import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// More queues than processors: queues share threads, and know nothing of each other.
@Suite struct SharedThreadTests {
  /// The names of the daemon's queue threads.
  private static func queueThreads(_ guest: Guest) throws -> [String] {
    let tasks = "/proc/\(guest.daemon.process.id)/task"
    return try hostNames(tasks)
      .compactMap { try? hostReadText("\(tasks)/\($0)/comm") }
      .filter { $0.hasPrefix("queue-") }
      .sorted()
  }

  /// A guest with `queueCount` request queues, its daemon kept to `processorCount` processors.
  private static func guest(
    queues queueCount: Int, processors processorCount: Int, engine: String
  ) throws -> Guest {
    let allowed = Processors.allowed
    // What a daemon may run on it has from who starts it.
    try Processors.keep(0, to: Array(allowed.prefix(processorCount)))
    defer { try? Processors.keep(0, to: allowed) }
    var options = DeviceOptions()
    options.requestQueueCount = queueCount
    return try Guest(
      .swift, options: options,
      more: ["--num-request-queues=\(queueCount)", "--io-engine=\(engine)"])
  }

  /// Runs on a thread of its own, because tests beside it must keep their processors.
  private static func withGuest(
    queues: Int, processors: Int, engine: String = "auto",
    _ body: @escaping @Sendable (Guest) throws -> Void
  ) async throws {
    try await onOwnThread {
      try body(try guest(queues: queues, processors: processors, engine: engine))
    }
  }

  @Test(arguments: [(8, 1), (3, 2), (1, 2)])
  func thereAreNoMoreThreadsThanProcessors(_ queues: Int, _ processors: Int) async throws {
    try await Self.withGuest(queues: queues, processors: processors) { guest in
      for queue in 0..<queues { _ = try FuseClient(guest.device, queue: queue).getattr() }
      let count = min(queues, processors, Processors.allowed.count)
      #expect(try Self.queueThreads(guest) == (0..<count).map { "queue-\($0)\n" })
    }
  }

  @Test(arguments: ["uring", "sync"])
  func queuesOfOneThreadAreServedByTurns(_ engine: String) async throws {
    try await Self.withGuest(queues: 4, processors: 1, engine: engine) { guest in
      let clients = (0..<4).map { FuseClient(guest.device, queue: $0) }
      let memory = guest.device.memory
      try inParallel(4) { number in
        let client = clients[number]
        let name = NameBytes("file of \(number)")
        let made = try client.create(name)
        let buffer = try client.queue.arena.allocate(20_000)
        for round in 0..<100 {
          let byte = UInt8(truncatingIfNeeded: round * 4 + number)
          memory.main.fill(buffer, with: byte)
          let count = try client.write(
            made.entry.node, handle: made.open.handle, from: buffer.pieces(of: 4096))
          try client.fsync(made.entry.node, handle: made.open.handle)
          memory.main.fill(buffer, with: 0)
          let back = try client.read(
            made.entry.node, handle: made.open.handle, into: [buffer])
          let expected = [UInt8](repeating: byte, count: 20_000)
          guard count == 20_000, back == 20_000,
            memory.bytes(of: buffer) == expected
          else { throw Failure(what: "queue \(number), round \(round)") }
        }
      }
    }
  }

  @Test(arguments: ["uring", "sync"])
  func aVringStopsAndBreaksWithoutItsNeighbours(_ engine: String) async throws {
    try await Self.withGuest(queues: 3, processors: 1, engine: engine) { guest in
      let clients = (0..<3).map { FuseClient(guest.device, queue: $0) }
      for _ in 0..<20 {
        try guest.device.stopRing(clients[0].queue.ring)
        for _ in 0..<10 { _ = try clients[1].getattr() }
        try guest.device.startRing(clients[0].queue.ring)
        _ = try clients[0].getattr()
      }
      clients[1].queue.ring.offer(.max)
      clients[1].queue.flush()
      #expect(try clients[1].queue.ring.isBroken(within: .seconds(5)))
      let node = try clients[0].mkdir("d").node
      for client in [clients[0], clients[2]] {
        #expect(try client.getattr(node).mode == 0o040755)
      }
      try clients[0].forget(node, lookups: 1)
      #expect(try !guest.device.queues[0].ring.isBroken())
    }
  }

  /// What keeps a queue busy for long.
  enum Load: CaseIterable {
    case reads
    case writes
    /// A WRITE that names the same megabyte of memory again and again.
    case longWrite

    /// How many bytes one request moves.
    var byteCount: Int { self == .longWrite ? 48 << 20 : 1 << 20 }
  }

  /// A queue with more to do than a batch lets its neighbour through.
  @Test(arguments: Load.allCases)
  func aBusyQueueDoesNotStarveItsNeighbour(_ load: Load) async throws {
    try await Self.withGuest(queues: 2, processors: 1) { guest in
      let (busy, other) = (FuseClient(guest.device), FuseClient(guest.device, queue: 1))
      let made = try busy.create("f")
      let (node, handle) = (made.entry.node, made.open.handle)
      let buffer = try guest.buffer(1 << 20)
      _ = try busy.write(node, handle: handle, from: buffer.pieces(of: 65536))
      let repeated = [GuestBuffer](repeating: buffer, count: load.byteCount >> 20)
      var overtakes = 0
      // How the host schedules the threads is not ours to say: it must work out now and then.
      let deadline = Deadline(after: .seconds(60))
      while overtakes < 5, !deadline.hasPassed {
        for _ in 0..<(load == .longWrite ? 1 : 100) where busy.queue.ring.freeCount > 20 {
          if load == .reads {
            _ = try busy.queue.submit(
              .read(node, handle: handle, offset: 0, into: buffer.pieces(of: 1 << 18)))
          } else {
            _ = try busy.queue.submit(.write(node, handle: handle, offset: 0, from: repeated))
          }
        }
        busy.queue.flush()
        _ = try other.getattr()
        if busy.queue.ring.availableIndex != busy.queue.ring.memory.usedIndex { overtakes += 1 }
        while busy.queue.inFlightCount > 0 {
          let reply = try busy.queue.collectAny()
          if load == .reads { #expect(reply.dataByteCount == load.byteCount) }
        }
      }
      #expect(overtakes == 5)
      if load == .longWrite { #expect(try busy.getattr(node).size == UInt64(load.byteCount)) }
    }
  }
}
