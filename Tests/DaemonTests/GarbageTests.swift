import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Random requests on well-formed rings: each is answered or completed, and honest requests in
/// between work. `TEST_SEED` runs a failure again.
@Suite struct GarbageTests {
  @Test func answersAHundredThousandGarbageRequests() throws {
    var options = DeviceOptions()
    options.queueSize = 256
    // In memory, because FSYNC and SYNCFS are as frequent as everything else; and bounded, because
    // FALLOCATE takes what it gets.
    let memory = try TemporaryFileSystem(byteCount: 64 << 20)
    let guest = try Guest(.swift, options: options, parent: memory.path) { share in
      try hostWrite("\(share)/honest", "honest contents")
    }
    var garbage = try Garbage(guest)
    let seed = try garbage.run(100_000)
    #expect(guest.daemon.process.isRunning, "seed \(seed)")
  }
}

/// A driver that sends garbage.
struct Garbage {
  private let guest: Guest
  private var random: SeededRandom
  private var objects: Objects
  private var templates: [FuseRequest]
  private var needsSession = false
  private let buffer: GuestBuffer

  init(_ guest: Guest, random: SeededRandom = SeededRandom()) throws {
    self.guest = guest
    self.random = random
    objects = try Objects(guest.client)
    templates = objects.requests
    buffer = try guest.buffer(65536)
  }

  /// Sends `count` requests; throws at the first that is not answered as it must be.
  ///
  /// - Returns: The seed.
  mutating func run(_ count: Int) throws -> UInt64 {
    var sent = 0
    do {
      while sent < count {
        for _ in 0..<250 {
          try submit(makeRequest())
          sent += 1
        }
        try drain()
        try beHonest()
      }
    } catch {
      Issue.record("request \(sent) or before, seed \(random.seed): \(error)")
      throw error
    }
    return random.seed
  }

  private mutating func submit(_ request: FuseRequest) throws {
    let queue = random.oneIn(10) ? guest.device.queues[0] : guest.client.queue
    queue.shape = [.automatic, .direct, .mixed(direct: 1)].randomElement(using: &random) ?? .direct
    queue.framing = [.separate, .merged, .pieces(of: 50)].randomElement(using: &random) ?? .merged
    while true {
      do {
        _ = try queue.submit(request)
        if random.oneIn(5) { queue.flush() }
        return
      } catch FrontEndError.ringFull {
        // Too many pieces for the ring by itself, or not now.
        if queue.inFlightCount == 0 { queue.framing = .merged }
        queue.flush()
        guard queue.inFlightCount > 0 else { continue }
        _ = try queue.collectAny()
      }
    }
  }

  private func drain() throws {
    for queue in [guest.client.queue, guest.device.queues[0]] {
      queue.flush()
      while queue.inFlightCount > 0 {
        _ = try queue.collectAny()
      }
    }
  }

  /// What a guest in its right mind asks must work, whatever came before.
  private mutating func beHonest() throws {
    let client = guest.client
    client.queue.framing = .separate
    client.queue.shape = .automatic
    if needsSession {
      _ = try client.initialize()
      objects = try Objects(client)
      templates = objects.requests
      needsSession = false
    }
    let entry = try client.lookup("honest")
    let handle = try client.open(entry.node).handle
    let contents = try client.read(entry.node, handle: handle, byteCount: 100)
    guard contents == Array("honest contents".utf8) else {
      throw Failure(what: "the honest file reads \(contents)")
    }
    try client.release(entry.node, handle: handle)
    try client.forget(entry.node, lookups: 1)
    // Garbage may have removed, renamed or replaced them.
    if random.oneIn(20) {
      for name in ["directory", "link", "file"] { removeTree(guest.share(name)) }
      objects = try Objects(client)
      templates = objects.requests
    }
  }

  // MARK: Requests

  private mutating func makeRequest() -> FuseRequest {
    var request = templates.randomElement(using: &random) ?? .statfs()
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<25: break
    case 25..<60: mutateWords(&request)
    case 60..<75:
      request.opcode = Opcode.allCases.randomElement(using: &random)?.rawValue ?? 1
      mutateWords(&request)
    case 75..<90: request.arguments = random.bytes(Int.random(in: 0...200, using: &random))
    default:
      request.opcode = interesting32()
      request.arguments = random.bytes(Int.random(in: 0...9000, using: &random))
    }
    if random.oneIn(2) { request.node = anyNode() }
    if random.oneIn(10) {
      let count = Int.random(in: 0...request.arguments.count, using: &random)
      request.arguments.removeLast(count)
    }
    if random.oneIn(10) {
      request.arguments += random.bytes(Int.random(in: 1...50, using: &random))
    }
    mutateHeader(&request)
    // Sessions end and begin, but not so often that nothing else can happen in one.
    if request.opcode == Opcode.`init`.rawValue || request.opcode == Opcode.destroy.rawValue {
      if random.oneIn(50) { needsSession = true } else { request.opcode = 1 }
    }
    return request
  }

  private mutating func mutateWords(_ request: inout FuseRequest) {
    var offset = 0
    while offset + 8 <= request.arguments.count {
      if random.oneIn(4) {
        let word = random.oneIn(3) ? interestingHandle() : interesting64()
        request.arguments.replaceSubrange(offset..<offset + 8, with: Payload(word).bytes)
      } else if random.oneIn(6) {
        let index = offset + Int.random(in: 0..<8, using: &random)
        request.arguments[index] = UInt8.random(in: 0...255, using: &random)
      }
      offset += 8
    }
  }

  private mutating func mutateHeader(_ request: inout FuseRequest) {
    if random.oneIn(5) { request.uid = interesting32() }
    if random.oneIn(5) { request.gid = interesting32() }
    if random.oneIn(10) { request.extensionWordCount = UInt16.random(in: 0...40, using: &random) }
    if random.oneIn(20) { request.unique = interesting64() }
    if random.oneIn(20) { request.statedByteCount = interesting32() }
    if random.oneIn(20) {
      request.sentByteCount = Int.random(in: 1...100, using: &random)
    } else if random.oneIn(10) {
      request.data = [buffer.part(from: 0, byteCount: size())]
    }
    if random.oneIn(10) { request.replyData = [buffer.part(from: 0, byteCount: size())] }
    switch Int.random(in: 0..<20, using: &random) {
    case 0: request.replyByteCount = nil
    case 1:
      request.replyByteCount = Int.random(in: -16...200, using: &random)
      request.replyData = []
    case 2: request.replyByteCount = Int.random(in: 0...70_000, using: &random)
    default: break
    }
  }

  private mutating func size() -> Int {
    [1, 100, 4096, 65536].randomElement(using: &random) ?? 1
  }

  private mutating func anyNode() -> NodeID {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: .root
    case 1: objects.directory
    case 2: objects.file
    case 3: objects.link
    case 4: NodeID(rawValue: UInt64.random(in: 0...20, using: &random))
    default: NodeID(rawValue: interesting64())
    }
  }

  private mutating func interestingHandle() -> UInt64 {
    [objects.fileHandle, objects.directoryHandle, objects.file.rawValue, 1]
      .randomElement(using: &random) ?? 0
  }

  /// Edges of fields, and anything; no size between that would fill the machine's memory.
  private mutating func interesting64() -> UInt64 {
    let edges: [UInt64] = [
      0, 1, 2, 7, 8, 15, 16, 39, 40, 4095, 4096, 4097, 65535, 65536, 1 << 20, 1 << 63 - 1, 1 << 63,
      .max - 4095, .max,
    ]
    return random.oneIn(3)
      ? .random(in: 1 << 62 ... .max, using: &random) : edges.randomElement(using: &random) ?? 0
  }

  private mutating func interesting32() -> UInt32 {
    let edges: [UInt32] = [0, 1, 2, 40, 56, 80, 1000, 65534, 65535, 65536, 1 << 31, .max - 1, .max]
    return random.oneIn(3)
      ? .random(in: 0 ... .max, using: &random) : edges.randomElement(using: &random) ?? 0
  }
}
