import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Queues whose requests meet on one file, one handle, one session.
@Suite struct ConcurrencyTests {
  private static func guest(_ more: [String] = []) throws -> Guest {
    var options = DeviceOptions()
    options.requestQueueCount = 4
    options.queueSize = 256
    return try Guest(.swift, options: options, more: ["--num-request-queues=4"] + more) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 5, count: 1 << 18))
      for number in 0..<20 { try hostWrite("\(share)/file \(number)", "\(number)") }
    }
  }

  /// Between a LOOKUP and its FORGET the node is there, whatever the other queues forget.
  @Test(arguments: ["never", "prefer"]) func lookupsAndForgetsOfOneFileRace(
    _ mode: String
  ) throws {
    let guest = try Self.guest(["--inode-file-handles=\(mode)"])
    let clients = (0..<4).map { FuseClient(guest.device, queue: $0) }
    try inParallel(4) { number in
      let client = clients[number]
      for round in 0..<1500 {
        let index = round % 3
        let node = try client.lookup("file \(index)").node
        let attr = try client.getattr(node)
        guard attr.size == 1 else { throw Failure(what: "file \(index) has \(attr.size) bytes") }
        if round % 5 == 0 {
          let handle = try client.open(node).handle
          let contents = try client.read(node, handle: handle, byteCount: 9)
          guard contents == Array("\(index)".utf8) else {
            throw Failure(what: "file \(index) reads \(contents)")
          }
          try client.release(node, handle: handle)
        }
        // FORGET may come on a request queue, too.
        _ = try client.queue.call(.forget(node, lookups: 1))
      }
    }
    // Every lookup was taken back.
    let node = try guest.client.lookup("file 0").node
    try guest.client.forget(node, lookups: 1)
    #expect(throws: FrontEndError.self) { try guest.client.getattr(node) }
  }

  /// Names that come and go under everybody's feet: each answer is one that could be right.
  @Test func namesComeAndGo() throws {
    let guest = try Self.guest()
    let clients = (0..<4).map { FuseClient(guest.device, queue: $0) }
    let possible: Set<Errno> = [.noEntry, .exists, .stale]
    try inParallel(4) { number in
      let client = clients[number]
      var random = SeededRandom(seed: UInt64(number))
      for _ in 0..<1500 {
        let name = NameBytes("name \(Int.random(in: 0..<4, using: &random))")
        let other = NameBytes("name \(Int.random(in: 0..<4, using: &random))")
        do throws(FrontEndError) {
          switch Int.random(in: 0..<6, using: &random) {
          case 0:
            let made = try client.create(name)
            try client.release(made.entry.node, handle: made.open.handle)
          case 1: try client.unlink(name)
          case 2: try client.rename(name, to: other)
          case 3: try client.rename(name, to: other, flags: 2)
          case 4: _ = try client.link(client.lookup(name).node, as: other)
          default:
            let node = try client.lookup(name).node
            _ = try client.getattr(node)
            _ = try client.queue.call(.forget(node, lookups: 1))
          }
        } catch {
          guard case .reply(let errno) = error, possible.contains(errno) else { throw error }
        }
      }
    }
    let process = guest.daemon.process
    #expect(process.isRunning)
    _ = try guest.client.getattr()
  }

  /// A handle released while other queues read from it: data or EBADF, never another file's data.
  @Test func aHandleIsReleasedWhileItIsRead() throws {
    let guest = try Self.guest()
    let clients = (0..<4).map { FuseClient(guest.device, queue: $0) }
    let node = try guest.client.lookup("f").node
    let memory = guest.device.memory
    for round in 0..<60 {
      let handle = try guest.client.open(node).handle
      try inParallel(4) { number in
        let client = clients[number]
        let buffer = try client.queue.arena.allocate(1 << 18)
        for _ in 0..<5 {
          _ = try client.queue.submit(.read(node, handle: handle, offset: 0, into: [buffer]))
        }
        if number == round % 4 {
          _ = try client.queue.submit(.release(node, handle: handle))
          // Takes the number's place, if numbers were used again.
          _ = try client.queue.submit(.opendir())
        }
        client.queue.flush()
        while client.queue.inFlightCount > 0 {
          let reply = try client.queue.collectAny()
          guard reply.error == nil || reply.error == .badDescriptor else {
            throw Failure(what: "round \(round): \(String(describing: reply.error))")
          }
          guard reply.dataByteCount == 0 || reply.dataByteCount == 1 << 18 else {
            throw Failure(what: "round \(round): \(reply.dataByteCount) bytes")
          }
          if reply.dataByteCount > 0 {
            let ends =
              memory.bytes(of: buffer.part(from: 0, byteCount: 8))
              + memory.bytes(of: buffer.part(from: 1 << 18 - 8))
            guard ends == [UInt8](repeating: 5, count: 16) else {
              throw Failure(what: "round \(round): \(ends)")
            }
          }
        }
        client.queue.arena.free(buffer)
      }
    }
  }

  /// A session ends, and another begins, while other queues are at work in it.
  @Test func aSessionEndsWhileOthersWork() throws {
    let guest = try Self.guest()
    let clients = (0..<4).map { FuseClient(guest.device, queue: $0) }
    try inParallel(4) { number in
      let client = clients[number]
      if number == 0 {
        for round in 0..<200 {
          if round % 2 == 0 { try client.destroy() }
          _ = try client.initialize()
        }
        return
      }
      let buffer = try client.queue.arena.allocate(4096)
      for _ in 0..<1500 {
        do throws(FrontEndError) {
          let node = try client.lookup("file \(number)").node
          let handle = try client.open(node, flags: 2).handle
          let count = try client.read(node, handle: handle, into: [buffer])
          guard count == 1 else { throw FrontEndError.timedOut(.completing) }
          _ = try client.write(node, handle: handle, [49])
          try client.fsync(node, handle: handle)
          try client.release(node, handle: handle)
        } catch {
          // What the other session knew is gone.
          guard case .reply(let errno) = error,
            [.inputOutput, .badDescriptor, .stale, .noEntry].contains(errno)
          else { throw error }
        }
      }
    }
    _ = try guest.client.initialize()
    #expect(try guest.client.lookup("file 1").attr.size == 1)
    #expect(guest.daemon.process.isRunning)
  }

  /// Vrings stop and start, and memory changes, while all queues are at work.
  @Test func theFrontEndInterferesWhileQueuesWork() throws {
    let guest = try Self.guest()
    let node = try guest.client.lookup("f").node
    let handle = try guest.client.open(node).handle
    let clients = (0..<3).map { FuseClient(guest.device, queue: $0) }
    let device = guest.device
    let idle = device.requestQueue(3).ring
    let control = ControlThread(device)
    try inParallel(4) { number in
      guard number < 3 else {
        try control.interfere(idle, rounds: 60)
        return
      }
      let client = clients[number]
      let buffer = try client.queue.arena.allocate(1 << 18)
      for _ in 0..<120 {
        for _ in 0..<4 {
          _ = try client.queue.submit(
            .read(node, handle: handle, offset: 0, into: buffer.pieces(of: 4096)))
        }
        client.queue.flush()
        while client.queue.inFlightCount > 0 {
          let reply = try client.queue.collectAny()
          guard reply.dataByteCount == 1 << 18 else {
            throw Failure(what: "\(reply.dataByteCount) bytes, \(String(describing: reply.error))")
          }
        }
      }
    }
  }
}

/// The connection, in the hands of one thread.
private final class ControlThread: @unchecked Sendable {
  // SAFETY: @unchecked, because `interfere` is called on one thread, and no other uses the
  // connection meanwhile.
  private let device: GuestDevice

  init(_ device: GuestDevice) {
    self.device = device
  }

  func interfere(_ ring: DriverRing, rounds: Int) throws {
    for round in 0..<rounds {
      let region = try MemoryRegion(
        guestAddress: GuestAddress(rawValue: 1 << 42 + UInt64(round) << 24), byteCount: 1 << 20)
      try device.connection.addMemoryRegion(region)
      try device.connection.setVringEnabled(ring.vring, false)
      try device.stopRing(ring)
      try device.startRing(ring)
      try device.connection.setVringEnabled(ring.vring, true)
      try device.connection.setVringEnabled(1, false)
      try device.connection.setVringEnabled(1, true)
      try device.connection.removeMemoryRegion(region)
    }
  }
}
