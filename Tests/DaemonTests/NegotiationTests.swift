import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// What a front-end may ask for before and while its queues run.
@Suite struct NegotiationTests {
  private static let tag = ["--tag=a tag", "--num-request-queues=3"]

  @Test(arguments: FrontEndStyle.allCases, [true, false]) func servesEveryFrontEnd(
    _ style: FrontEndStyle, _ waitsForStart: Bool
  ) throws {
    var options = DeviceOptions()
    options.waitsForStart = waitsForStart
    options.style = style
    options.requestQueueCount = 3
    options.unusedQueueCount = 5
    let guest = try Guest(.swift, options: options, more: Self.tag)
    for queue in 0..<3 {
      let client = FuseClient(guest.device, queue: queue)
      _ = try client.mkdir("d\(queue)")
      #expect(hostExists(guest.share("d\(queue)")))
    }
    // The guest's driver is reset and begins anew.
    try guest.device.stop()
    try guest.device.restartAnew()
    let client = FuseClient(guest.device, queue: 2)
    _ = try client.initialize()
    #expect(try client.lookup("d1").attr.mode == 0o040755)
  }

  /// The control: the same calls against the C peer, in the styles that it knows.
  @Test(
    .enabled(if: Backend.all.contains(.c)),
    arguments: [FrontEndStyle.qemu7, .qemu10, .cloudHypervisor])
  func theStylesAreThoseOfThePeers(_ style: FrontEndStyle) throws {
    var options = DeviceOptions()
    options.style = style
    let guest = try Guest(.c, options: options)
    _ = try guest.client.mkdir("d")
    try guest.device.stop()
    try guest.device.restartAnew()
    let client = FuseClient(guest.device)
    _ = try client.initialize()
    #expect(try client.lookup("d").attr.mode == 0o040755)
  }

  @Test func offersWhatItImplements() throws {
    let daemon = try DaemonProcess(Backend.swift.command(Self.tag))
    let connection = try FrontEndConnection(path: daemon.socket)
    let features = try connection.features()
    #expect(
      features.isSuperset(of: [
        .version1, .indirectDescriptors, .eventIndex, .protocolFeatures,
      ]))
    // RING_RESET, IN_ORDER, NOTIFICATION_DATA, ACCESS_PLATFORM, NOTIFY_ON_EMPTY, FS_NOTIFICATION.
    for bit in [40, 35, 38, 33, 24, 0] as [UInt64] {
      #expect(features.rawValue & 1 << bit == 0, "bit \(bit)")
    }
    let offered = try connection.offeredProtocolFeatures()
    #expect(
      offered.isSuperset(of: [
        .multipleQueues, .replyAcknowledge, .memorySlots, .config, .backendRequests,
      ]))
    #expect(!offered.contains(.status))
    try connection.setProtocolFeatures(offered)
    #expect(try connection.queueCount() == 4)
    #expect(try connection.maximumMemorySlotCount() >= 509)
  }

  @Test func theConfigurationSpaceIsReadAndNotWritten() throws {
    let daemon = try DaemonProcess(Backend.swift.command(Self.tag))
    let connection = try FrontEndConnection(path: daemon.socket)
    try connection.setProtocolFeatures([.config, .replyAcknowledge])
    let config = try connection.config(count: 40)
    #expect(Array(config.prefix(5)) == Array("a tag".utf8))
    #expect(config[5..<36].allSatisfy { $0 == 0 })
    #expect(Array(config.suffix(4)) == [3, 0, 0, 0])
    #expect(try connection.config(offset: 36, count: 4, flags: 1) == [3, 0, 0, 0])
    #expect(try connection.config(offset: 2, count: 3) == Array("tag".utf8))
    // A larger structure than ours reads as zeros at its end.
    #expect(try connection.config(count: 256).dropFirst(40).allSatisfy { $0 == 0 })
    connection.acknowledged = [.setConfig]
    #expect(throws: FrontEndError.refused(.setConfig)) {
      try connection.setConfig(offset: 0, [1])
    }
    // A migration writes back what it read.
    try connection.setConfig(offset: 0, config, flags: 1)
  }

  @Test func withoutATagThereIsNoConfiguration() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let connection = try FrontEndConnection(path: daemon.socket)
    #expect(try !connection.offeredProtocolFeatures().contains(.config))
  }

  @Test func resetDeviceDropsTheSession() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "") }
    let node = try guest.client.lookup("f").node
    try guest.device.stop()
    try guest.device.connection.resetDevice()
    try guest.device.restartAnew()
    let client = FuseClient(guest.device)
    _ = try client.initialize()
    #expect(throws: FrontEndError.self) { try client.getattr(node) }
  }

  /// QEMU masks and unmasks the guest's interrupt by replacing the call descriptor.
  @Test func theCallDescriptorMayChangeWhileTheVringRuns() throws {
    let guest = try Guest(.swift)
    let ring = guest.client.queue.ring
    let other = try CallLine(isPipe: false)
    for _ in 0..<50 {
      try guest.device.connection.setVringDescriptor(.setVringCall, 1, other.writable)
      try guest.device.connection.setVringDescriptor(.setVringCall, 1, ring.call.writable)
      _ = try guest.client.getattr()
    }
    try guest.device.connection.setVringDescriptor(.setVringCall, 1, nil)
    ring.isPolling = true
    _ = try guest.client.getattr()
  }

  /// cloud-hypervisor pauses with ENABLE 0 alone; kicks in between may be lost.
  @Test func aDisabledVringIsScannedWhenEnabled() throws {
    let guest = try Guest(.swift)
    let queue = guest.client.queue
    try guest.device.connection.setVringEnabled(1, false)
    let ticket = try queue.submit(.getattr(.root))
    queue.flush()
    queue.timeout = .milliseconds(200)
    #expect(throws: FrontEndError.timedOut(.completing)) { try queue.collect(ticket) }
    queue.timeout = .seconds(10)
    try guest.device.connection.setVringEnabled(1, true)
    #expect(try queue.collect(ticket).error == nil)
  }

  /// After a migration nobody kicks for what waits in the ring already.
  @Test func aStartedVringIsScannedWithoutAKick() throws {
    let guest = try Guest(.swift)
    let queue = guest.client.queue
    try guest.device.stop()
    let ticket = try queue.submit(.getattr(.root))
    queue.ring.memory.availableIndex = queue.ring.availableIndex
    try guest.device.start()
    #expect(try queue.collect(ticket).error == nil)
  }
}
