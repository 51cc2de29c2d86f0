import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// A queue thread that looks for work answers without a kick, obeys control meanwhile, and sleeps
/// when there is nothing to do.
@Suite struct PollingTests {
  private static let engines = ["uring", "sync"]

  private static func guest(_ engine: String, pollMicroseconds: Int) throws -> Guest {
    let guest = try Guest(
      .swift, more: ["--io-engine=\(engine)", "--poll-us=\(pollMicroseconds)"]
    ) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 9, count: 65536))
    }
    guest.client.queue.ring.isPolling = true
    return guest
  }

  /// How often the process's threads have gone to sleep.
  private static func sleepCount(_ guest: Guest) throws -> Int {
    let tasks = "/proc/\(guest.daemon.process.id)/task"
    var sum = 0
    for thread in try hostNames(tasks) {
      let status = (try? hostReadText("\(tasks)/\(thread)/status")) ?? ""
      for line in status.split(separator: "\n")
      where line.hasPrefix("voluntary_ctxt_switches:") {
        sum += Int(line.drop { !$0.isNumber }) ?? 0
      }
    }
    return sum
  }

  @Test(arguments: engines, [[.version1], [.version1, .eventIndex]] as [VirtioFeatures])
  func answersWithoutAKickWhileItLooks(
    _ engine: String, _ features: VirtioFeatures
  ) throws {
    var options = DeviceOptions()
    options.features = features
    let guest = try Guest(
      .swift, options: options, more: ["--io-engine=\(engine)", "--poll-us=1000"])
    guest.client.queue.ring.isPolling = true
    // On a busy machine the thread may be asleep before the front-end runs again, many times.
    let isMostlyAwake = try waitUntil(.seconds(60)) {
      try Self.answersWithoutKick(guest.client, of: 50) >= 25
    }
    #expect(isMostlyAwake)
  }

  /// The other half of the claim: after a short look kicks are wanted.
  @Test(arguments: engines) func wantsKicksIfItMayHardlyLook(_ engine: String) throws {
    let guest = try Self.guest(engine, pollMicroseconds: 0)
    // On a busy machine the thread may be held up before it can ask for kicks, many times.
    let isMostlyAsleep = try waitUntil(.seconds(60)) {
      try Self.answersWithoutKick(guest.client, of: 50) < 10
    }
    #expect(isMostlyAsleep)
  }

  /// How many of `count` requests with a pause before each are answered without a kick.
  private static func answersWithoutKick(_ client: FuseClient, of count: Int) throws -> Int {
    let ring = client.queue.ring
    var answered = 0
    for _ in 0..<count {
      // With the shortest window the thread is asleep by the end of this.
      let start = SystemClock.nanoseconds
      while SystemClock.nanoseconds < start + 20_000 { spinHint() }
      let kicks = ring.kickCount
      _ = try client.getattr()
      if ring.kickCount == kicks { answered += 1 }
    }
    return answered
  }

  @Test(arguments: engines, [0, 50, 1000])
  func sleepsWhenThereIsNothingToDo(_ engine: String, _ pollMicroseconds: Int) throws {
    let guest = try Self.guest(engine, pollMicroseconds: pollMicroseconds)
    for _ in 0..<500 { _ = try guest.client.getattr() }
    let id = guest.daemon.process.id
    var sleeps = -1
    // It comes to rest once; how soon is the scheduler's business.
    let isAtRest = try waitUntil(.seconds(20)) {
      let before = try Self.sleepCount(guest)
      let cpu = try SystemClock.nanoseconds(ofProcess: id)
      SystemClock.sleep(milliseconds: 500)
      sleeps = try Self.sleepCount(guest) - before
      return try sleeps == 0 && SystemClock.nanoseconds(ofProcess: id) == cpu
    }
    #expect(isAtRest, "\(sleeps) sleeps in half a second")
    _ = try guest.client.getattr()
  }

  /// What a long copy would hold up is answered before it.
  @Test(arguments: engines) func answersDoNotWaitForALongCopyBehindThem(
    _ engine: String
  ) throws {
    var options = DeviceOptions()
    options.queueSize = 1024
    let size = 4 << 20
    let guest = try Guest(
      .swift, options: options, more: ["--io-engine=\(engine)"]
    ) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 9, count: size))
    }
    let client = guest.client
    let node = try client.lookup("f").node
    let handle = try client.open(node).handle
    let buffer = try guest.buffer(size)
    let memory = client.queue.ring.memory
    let deadline = Deadline(after: .seconds(30))
    var isAhead = false
    // Whether the front-end looks in the half millisecond of the copy is the scheduler's business.
    while !isAhead, !deadline.hasPassed {
      let before = memory.usedIndex
      _ = try client.queue.submit(.getattr(.root))
      _ = try client.queue.submit(
        .read(node, handle: handle, offset: 0, into: buffer.pieces(of: 65536)))
      client.queue.flush()
      while memory.usedIndex == before, !deadline.hasPassed { spinHint() }
      isAhead = memory.usedIndex == before &+ 1
      while client.queue.inFlightCount > 0 { _ = try client.queue.collectAny() }
    }
    #expect(isAhead)
  }

  /// Control's commands come in the middle of a look.
  @Test(arguments: engines, [0, 1000])
  func controlIsObeyedWhileItLooks(_ engine: String, _ pollMicroseconds: Int) throws {
    let guest = try Self.guest(engine, pollMicroseconds: pollMicroseconds)
    let client = guest.client
    let node = try client.lookup("f").node
    let handle = try client.open(node).handle
    let buffer = try guest.buffer(65536)
    let ring = client.queue.ring
    for round in 0..<60 {
      for _ in 0..<20 { _ = try client.getattr() }
      switch round % 3 {
      case 0:
        for _ in 0..<5 {
          _ = try client.queue.submit(.read(node, handle: handle, offset: 0, into: [buffer]))
        }
        client.queue.flush()
        try guest.device.stop()
        #expect(ring.deviceIndex == ring.memory.usedIndex)
        try guest.device.start()
        while client.queue.inFlightCount > 0 {
          #expect(try client.queue.collectAny().dataByteCount == 65536)
        }
      case 1:
        try guest.device.connection.setMemoryTable(guest.device.memory.regions)
      default:
        try guest.device.connection.setVringEnabled(1, false)
        try guest.device.connection.setVringEnabled(1, true)
      }
    }
    #expect(try client.read(node, handle: handle, byteCount: 3) == [9, 9, 9])
  }

  @Test(arguments: engines) func aResetIsObeyedWhileItLooks(_ engine: String) throws {
    let guest = try Self.guest(engine, pollMicroseconds: 1000)
    for _ in 0..<20 {
      let client = FuseClient(guest.device)
      client.queue.ring.isPolling = true
      for _ in 0..<50 { _ = try client.getattr() }
      try guest.device.connection.resetDevice()
      try guest.device.restartAnew()
      _ = try FuseClient(guest.device).initialize()
    }
    #expect(guest.daemon.process.isRunning)
  }
}
