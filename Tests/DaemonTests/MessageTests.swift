import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// vhost-user messages that break the rules: a nack if an answer was asked for, else the end of
/// the connection; never the end of the daemon by a trap.
@Suite struct MessageTests {
  /// A message that must be refused.
  struct Malformed: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var request: FrontEndRequest
    var payload: Payload
    var descriptors: @Sendable (Fixture) -> [Descriptor]

    init(
      _ name: String, _ request: FrontEndRequest, _ payload: Payload,
      descriptors: @escaping @Sendable (Fixture) -> [Descriptor] = { _ in [] }
    ) {
      testDescription = name
      self.request = request
      self.payload = payload
      self.descriptors = descriptors
    }
  }

  /// Descriptors to send along.
  final class Fixture: Sendable {
    let event: SharedDescriptor
    let memory: MemoryRegion
    let small: SharedDescriptor

    init() throws {
      let counter = try EventDescriptor()
      event = SharedDescriptor(try counter.borrowed.duplicate())
      memory = try MemoryRegion(
        guestAddress: GuestAddress(rawValue: 1 << 40), byteCount: 1 << 20)
      small = SharedDescriptor(try OwnedDescriptor.memoryFile(byteCount: 4096))
    }
  }

  private static func bytes(_ count: Int) -> Payload {
    Payload([UInt8](repeating: 0, count: count))
  }

  private static func region(
    _ guest: UInt64 = 1 << 40, _ count: UInt64 = 1 << 20, _ user: UInt64 = 1 << 44,
    _ offset: UInt64 = 0
  ) -> RegionDescription {
    RegionDescription(
      guestAddress: guest, byteCount: count, userAddress: user, fileOffset: offset)
  }

  private static func table(_ count: UInt32, _ regions: [RegionDescription]) -> Payload {
    var payload = Payload(vring: count, 0)
    for region in regions { payload.append(region) }
    return payload
  }

  private static let event: @Sendable (Fixture) -> [Descriptor] = { [$0.event.borrowed] }
  private static let memory: @Sendable (Fixture) -> [Descriptor] = { [$0.memory.descriptor] }

  static let wrongShapes: [Malformed] = [
    Malformed("SET_FEATURES, empty", .setFeatures, Payload()),
    Malformed("SET_FEATURES, short", .setFeatures, bytes(7)),
    Malformed("SET_FEATURES, long", .setFeatures, bytes(9)),
    Malformed("SET_FEATURES, a bit not offered", .setFeatures, Payload(1 << 63)),
    Malformed("SET_FEATURES, RING_PACKED", .setFeatures, Payload(1 << 34 | 1 << 32)),
    Malformed("SET_FEATURES with a descriptor", .setFeatures, Payload(1 << 32), descriptors: event),
    Malformed("SET_PROTOCOL_FEATURES, not offered", .setProtocolFeatures, Payload(1 << 63 | 8)),
    Malformed("SET_PROTOCOL_FEATURES, short", .setProtocolFeatures, bytes(4)),
    Malformed("SET_OWNER, long", .setOwner, bytes(8)),
    Malformed("SET_VRING_NUM, short", .setVringNumber, bytes(4)),
    Malformed("SET_VRING_NUM, long", .setVringNumber, bytes(12)),
    Malformed("SET_VRING_BASE, long", .setVringBase, bytes(16)),
    Malformed("SET_VRING_ADDR, short", .setVringAddress, bytes(32)),
    Malformed("SET_VRING_ADDR, long", .setVringAddress, bytes(48)),
    Malformed("SET_VRING_KICK, short", .setVringKick, bytes(4), descriptors: event),
    Malformed("SET_VRING_ENABLE, short", .setVringEnable, bytes(4)),
    Malformed("SET_MEM_TABLE, empty", .setMemoryTable, Payload()),
    Malformed("ADD_MEM_REG, short", .addMemoryRegion, bytes(32), descriptors: memory),
    Malformed("REM_MEM_REG, short", .removeMemoryRegion, bytes(32)),
    Malformed("SET_CONFIG, short", .setConfig, bytes(8)),
    Malformed("SET_CONFIG, long", .setConfig, bytes(300)),
    Malformed("SEND_RARP", .sendRARP, Payload(0)),
    Malformed("SET_LOG_BASE", .setLogBase, bytes(16), descriptors: event),
    Malformed("SET_STATUS", .setStatus, Payload(0)),
    Malformed("SET_INFLIGHT_FD", .setInflightDescriptor, bytes(24), descriptors: event),
    Malformed("VRING_KICK", .vringKick, Payload(vring: 0, 0)),
  ]

  static let wrongVrings: [Malformed] = [
    Malformed("SET_VRING_NUM, no such vring", .setVringNumber, Payload(vring: 99, 128)),
    Malformed("SET_VRING_NUM, vring 2^32-1", .setVringNumber, Payload(vring: .max, 128)),
    Malformed("SET_VRING_NUM 0", .setVringNumber, Payload(vring: 0, 0)),
    Malformed("SET_VRING_NUM 3", .setVringNumber, Payload(vring: 0, 3)),
    Malformed("SET_VRING_NUM 65536", .setVringNumber, Payload(vring: 0, 65536)),
    Malformed("SET_VRING_NUM 2^32-1", .setVringNumber, Payload(vring: 0, .max)),
    Malformed("SET_VRING_BASE, no such vring", .setVringBase, Payload(vring: 99, 0)),
    Malformed("SET_VRING_BASE 65536", .setVringBase, Payload(vring: 0, 65536)),
    Malformed(
      "SET_VRING_ADDR, no such vring", .setVringAddress,
      Payload(VringAddresses(vring: 99, descriptors: 0, used: 0, available: 0))),
    Malformed("SET_VRING_KICK, no such vring", .setVringKick, Payload(99), descriptors: event),
    Malformed("SET_VRING_CALL, no such vring", .setVringCall, Payload(255), descriptors: event),
    Malformed("SET_VRING_ERR, no such vring", .setVringError, Payload(99), descriptors: event),
    Malformed("SET_VRING_CALL without its descriptor", .setVringCall, Payload(0)),
    Malformed(
      "SET_VRING_CALL with one too many", .setVringCall, Payload(0 | 1 << 8), descriptors: event),
    Malformed("SET_VRING_KICK without a descriptor", .setVringKick, Payload(1 << 8)),
    Malformed(
      "SET_VRING_KICK with two", .setVringKick, Payload(0),
      descriptors: { [$0.event.borrowed, $0.event.borrowed] }),
    Malformed("SET_VRING_KICK before anything", .setVringKick, Payload(0), descriptors: event),
    Malformed("SET_VRING_ENABLE 2", .setVringEnable, Payload(vring: 0, 2)),
  ]

  static let wrongMemory: [Malformed] = [
    Malformed("SET_MEM_TABLE, 2^32-1 regions", .setMemoryTable, table(.max, [])),
    Malformed("SET_MEM_TABLE, more than it holds", .setMemoryTable, table(2, [region()])),
    Malformed(
      "SET_MEM_TABLE without descriptors", .setMemoryTable, table(1, [region()])),
    Malformed(
      "SET_MEM_TABLE with too many", .setMemoryTable, table(1, [region()]),
      descriptors: { [$0.memory.descriptor, $0.memory.descriptor] }),
    Malformed(
      "SET_MEM_TABLE, 16 regions", .setMemoryTable,
      table(16, (0..<16).map { region(UInt64($0) << 40) }),
      descriptors: { Array(repeating: $0.memory.descriptor, count: 16) }),
    Malformed(
      "regions that overlap for the guest", .setMemoryTable,
      table(2, [region(1 << 40), region(1 << 40 + 4096, 1 << 20, 1 << 45)]),
      descriptors: { [$0.memory.descriptor, $0.memory.descriptor] }),
    Malformed(
      "regions that overlap for the front-end", .setMemoryTable,
      table(2, [region(1 << 40), region(1 << 41, 1 << 20, 1 << 44 + 4096)]),
      descriptors: { [$0.memory.descriptor, $0.memory.descriptor] }),
    Malformed(
      "a region of no bytes", .addMemoryRegion, Payload(region(1 << 40, 0)), descriptors: memory),
    Malformed(
      "a region beyond its file", .addMemoryRegion, Payload(region()),
      descriptors: { [$0.small.borrowed] }),
    Malformed(
      "a region that begins beyond its file", .addMemoryRegion,
      Payload(region(1 << 40, 4096, 1 << 44, 8192)), descriptors: { [$0.small.borrowed] }),
    Malformed(
      "guest addresses that overflow", .addMemoryRegion, Payload(region(.max - 4095)),
      descriptors: memory),
    Malformed(
      "user addresses that overflow", .addMemoryRegion,
      Payload(region(1 << 40, 1 << 20, .max - 4095)), descriptors: memory),
    Malformed(
      "an offset that overflows", .addMemoryRegion,
      Payload(region(1 << 40, 1 << 20, 1 << 44, .max - 4095)), descriptors: memory),
    Malformed(
      "a region of 2^64-1 bytes", .addMemoryRegion, Payload(region(0, .max, 0)),
      descriptors: memory),
    Malformed(
      "a region of an eventfd", .addMemoryRegion, Payload(region()), descriptors: event),
    Malformed("a region without a descriptor", .addMemoryRegion, Payload(region())),
    Malformed("a region that is not there", .removeMemoryRegion, Payload(region(7, 7, 7))),
  ]

  private static let all = wrongShapes + wrongVrings + wrongMemory

  /// One daemon hears all of them, and serves a guest afterwards.
  @Test func refusesEachWhereAnAnswerIsAskedFor() throws {
    let daemon = try DaemonProcess(Backend.swift.command(["--tag=x"]))
    let connection = try FrontEndConnection(path: daemon.socket)
    let fixture = try Fixture()
    try connection.setOwner()
    try connection.setProtocolFeatures([
      .replyAcknowledge, .multipleQueues, .memorySlots, .config, .backendRequests,
    ])
    _ = try connection.features()
    let before = try openDescriptors(of: daemon.process.id)
    let mappings = try memoryFileMappingCount(of: daemon.process.id)
    for malformed in Self.all {
      try connection.send(
        malformed.request, malformed.payload, descriptors: malformed.descriptors(fixture),
        needsReply: true)
      #expect(throws: FrontEndError.refused(malformed.request), "\(malformed.testDescription)") {
        try connection.acknowledgement(of: malformed.request)
      }
    }
    // Every descriptor that came was closed, every mapping undone.
    let after = try openDescriptors(of: daemon.process.id)
    #expect(after == before, "\(Set(after).symmetricDifference(before))")
    #expect(try memoryFileMappingCount(of: daemon.process.id) == mappings)
    let device = try GuestDevice(connection)
    let client = FuseClient(device)
    _ = try client.initialize()
    _ = try client.mkdir("d")
    #expect(hostExists(daemon.share("d")))
  }

  @Test(arguments: all) func endsTheConnectionOtherwise(_ malformed: Malformed) throws {
    let daemon = try DaemonProcess(Backend.swift.command(["--tag=x"]))
    let connection = try FrontEndConnection(path: daemon.socket)
    let fixture = try Fixture()
    try connection.setProtocolFeatures([.multipleQueues, .memorySlots, .config, .backendRequests])
    try connection.send(
      malformed.request, malformed.payload, descriptors: malformed.descriptors(fixture))
    #expect(connection.waitForClose(within: .seconds(5)))
    guard case .exited = daemon.process.wait(for: .seconds(5)) else {
      Issue.record("the daemon did not end by itself: \(daemon.process.output)")
      return
    }
  }

  /// Headers that are none, and streams that end in the middle.
  @Test(
    arguments: [
      // Another version, a reply, an unknown request, a payload of 4 GiB, of 64 KiB.
      [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      [200, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0, 0, 0, 0],
      [5, 0, 0, 0, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
      [5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0],
    ] as [[UInt8]])
  func endsTheConnectionForWhatIsNoMessage(_ header: [UInt8]) throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let connection = try FrontEndConnection(path: daemon.socket)
    try connection.send(bytes: header)
    #expect(connection.waitForClose(within: .seconds(5)))
    guard case .exited = daemon.process.wait(for: .seconds(5)) else {
      Issue.record("the daemon did not end by itself: \(daemon.process.output)")
      return
    }
  }

  /// Messages may arrive in pieces, or several at once.
  @Test func takesAMessageByteByByte() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let connection = try FrontEndConnection(path: daemon.socket)
    for byte in [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] as [UInt8] {
      try connection.send(bytes: [byte])
    }
    #expect(try connection.reply(to: .getFeatures).payload.bytes.count == 8)
    let twice: [UInt8] = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    try connection.send(bytes: twice + twice)
    #expect(try connection.reply(to: .getFeatures).payload.bytes.count == 8)
    #expect(try connection.reply(to: .getFeatures).payload.bytes.count == 8)
  }

  /// A vring whose parts cannot be is refused when it would start, whatever came before.
  @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7]) func refusesRingsThatCannotBe(
    _ kind: Int
  ) throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let connection = try FrontEndConnection(path: daemon.socket)
    try connection.setProtocolFeatures([.replyAcknowledge, .memorySlots])
    connection.acknowledged = Set(FrontEndRequest.allCases)
    try connection.setFeatures([.version1, .protocolFeatures])
    let memory = try GuestRAM(byteCount: 1 << 20)
    try connection.addMemoryRegion(memory.main)
    let good = try DriverRing(
      vring: 0, size: 128, features: .version1, arena: Arena(memory.main))
    var addresses = good.memory.addresses(vring: 0)
    let end = memory.main.userAddress(of: memory.main.guestAddress) + 1 << 20
    switch kind {
    case 0: addresses.descriptors = 0
    case 1: addresses.available = end
    case 2: addresses.used = end - 8
    case 3: addresses.descriptors += 8
    case 4: addresses.available += 1
    case 5: addresses.used += 2
    case 6: addresses.descriptors = .max - 15
    default: addresses.used = memory.main.guestAddress.rawValue
    }
    #expect(throws: FrontEndError.self) {
      try connection.setVringNumber(0, 128)
      try connection.setVringAddress(addresses)
      try connection.setVringBase(0, 0)
      try connection.setVringDescriptor(.setVringKick, 0, good.kick.borrowed)
    }
    // With good addresses it starts.
    try connection.setVringAddress(good.memory.addresses(vring: 0))
    try connection.setVringDescriptor(.setVringKick, 0, good.kick.borrowed)
    try connection.setVringEnabled(0, true)
    #expect(try connection.vringBase(0) == 0)
  }

  /// Random bytes as messages: whatever happens, the daemon ends by itself or lives.
  @Test func survivesRandomMessages() throws {
    var random = SeededRandom()
    for round in 0..<40 {
      let daemon = try DaemonProcess(Backend.swift.command(["--tag=x"]))
      let connection = try FrontEndConnection(path: daemon.socket, timeout: .seconds(2))
      let fixture = try Fixture()
      try connection.setProtocolFeatures([
        .replyAcknowledge, .multipleQueues, .memorySlots, .config, .backendRequests, .resetDevice,
      ])
      do {
        for _ in 0..<200 {
          let request = FrontEndRequest.allCases.randomElement(using: &random) ?? .setOwner
          let count = [0, 4, 8, 8, 8, 12, 40, 72].randomElement(using: &random) ?? 8
          var payload = random.bytes(count)
          // Small numbers reach further.
          for index in payload.indices where !random.oneIn(4) {
            payload[index] = index % 4 == 0 ? payload[index] & 3 : 0
          }
          let descriptors = [[], [], [fixture.event.borrowed], [fixture.memory.descriptor]]
          try connection.send(
            request, Payload(payload), descriptors: descriptors.randomElement(using: &random) ?? [],
            needsReply: !random.oneIn(100))
        }
        try connection.send(.getFeatures)
        while try connection.receive().request != FrontEndRequest.getFeatures.rawValue {}
      } catch FrontEndError.disconnected {
      }
      let context = "round \(round), seed \(random.seed): \(daemon.process.output)"
      if case .signaled = daemon.process.wait(for: .zero) { Issue.record("\(context)") }
      _ = consume connection
      guard case .exited = daemon.process.wait(for: .seconds(5)) else {
        Issue.record("\(context)")
        return
      }
    }
  }
}
