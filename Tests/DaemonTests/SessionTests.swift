import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// The life of the daemon and of the FUSE sessions in it.
@Suite struct SessionTests {
  @Test func endsWhenTheFrontEndLeaves() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    do {
      let guest = try Guest(daemon)
      _ = try guest.client.getattr()
      #expect(daemon.process.isRunning)
    }
    #expect(daemon.process.wait(for: .seconds(5)) == .exited(0))
  }

  @Test func endsWhenTheFrontEndLeavesWithoutAWord() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    do { _ = try FrontEndConnection(path: daemon.socket) }
    #expect(daemon.process.wait(for: .seconds(5)) == .exited(0))
  }

  @Test func endsInTheMiddleOfRequests() throws {
    let daemon = try DaemonProcess(Backend.swift.command()) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 1, count: 4 << 20))
    }
    do {
      var options = DeviceOptions()
      options.queueSize = 512
      let guest = try Guest(daemon, options: options)
      let node = try guest.client.lookup("f").node
      let handle = try guest.client.open(node).handle
      let buffer = try guest.buffer(1 << 20)
      for _ in 0..<50 {
        _ = try guest.client.queue.submit(.read(node, handle: handle, offset: 0, into: [buffer]))
      }
      guest.client.queue.flush()
    }
    #expect(daemon.process.wait(for: .seconds(5)) == .exited(0))
  }

  @Test func saysThatItWaits() throws {
    let daemon = try DaemonProcess(.swift())
    #expect(
      waitUntil {
        daemon.process.output.contains("Waiting for vhost-user socket connection...")
      })
  }

  @Test func endsAtOnceOnSIGTERM() throws {
    let waiting = try DaemonProcess(Backend.swift.command())
    waiting.process.terminate()
    #expect(waiting.process.wait(for: .seconds(2)) == .exited(0))

    let guest = try Guest(.swift)
    guest.daemon.process.terminate()
    #expect(guest.daemon.process.wait(for: .seconds(2)) == .exited(0))
    #expect(throws: FrontEndError.disconnected) { try guest.client.getattr() }
  }

  /// A front-end that asks and never listens fills the socket; the daemon must still hear signals.
  @Test func endsOnSIGTERMWhenTheFrontEndDoesNotRead() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let connection = try FrontEndConnection(path: daemon.socket, timeout: .milliseconds(500))
    #expect(throws: FrontEndError.timedOut(.sending)) {
      for _ in 0..<100_000 { try connection.send(.getFeatures) }
    }
    daemon.process.terminate()
    #expect(daemon.process.wait(for: .seconds(2)) == .exited(0))
  }

  @Test func endsOnSIGTERMInTheMiddleOfAMessage() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let connection = try FrontEndConnection(path: daemon.socket)
    try connection.send(bytes: [1, 0, 0, 0, 1, 0])
    daemon.process.terminate()
    #expect(daemon.process.wait(for: .seconds(2)) == .exited(0))
  }

  @Test func aNewDaemonTakesOverAStaleSocket() throws {
    let first = try DaemonProcess(Backend.swift.command())
    do { _ = try Guest(first) }
    #expect(first.process.wait(for: .seconds(5)) == .exited(0))
    // After an orderly end.
    let second = try DaemonProcess(Backend.swift.command(), in: first.directory)
    let guest = try Guest(second)
    _ = try guest.client.mkdir("made by the second")
    // After a crash: the socket file and the lock file are still there.
    second.process.kill()
    #expect(second.process.wait(for: .seconds(5)) == .signaled(9))
    #expect(hostExists(second.socket))
    let third = try DaemonProcess(Backend.swift.command(), in: first.directory)
    let again = try Guest(third)
    #expect(try again.client.lookup("made by the second").attr.mode == 0o040755)
  }

  @Test func oneSocketHasOneDaemon() throws {
    let first = try DaemonProcess(Backend.swift.command())
    let second = try ChildProcess(
      Backend.swift.command().commandLine(socket: first.socket, share: first.share()),
      outputPath: first.directory.path("log of the second"))
    #expect(second.wait(for: .seconds(5)) == .exited(1))
    #expect(second.output.split(separator: "\n").count == 1, "\(second.output)")
    // The first is none the worse for it.
    let guest = try Guest(first)
    _ = try guest.client.getattr()
  }

  @Test(arguments: [false, true]) func takesAnInheritedSocket(_ isListening: Bool) throws {
    let directory = try TemporaryDirectory("inherited")
    try hostMakeDirectory(directory.path("share"))
    let command = [
      builtProduct("swift-virtiofsd"), "--fd=9", "--shared-dir=\(directory.path("share"))",
      "--sandbox=none",
    ]
    let connection: FrontEndConnection
    let process: ChildProcess
    if isListening {
      let socket = try ListeningSocket(path: directory.path("socket"))
      process = try ChildProcess(
        command, outputPath: directory.path("log"), inherited: [(socket.borrowed, 9)])
      connection = try FrontEndConnection(path: directory.path("socket"))
    } else {
      let pair = try OwnedDescriptor.socketPair()
      let theirs = OwnedDescriptor(taking: pair.1.rawValue)
      process = try ChildProcess(
        command, outputPath: directory.path("log"), inherited: [(theirs.borrowed, 9)])
      connection = try FrontEndConnection(taking: OwnedDescriptor(taking: pair.0.rawValue))
    }
    do {
      let device = try GuestDevice(connection)
      let client = FuseClient(device)
      _ = try client.initialize()
      _ = try client.mkdir("d")
      #expect(hostExists(directory.path("share/d")))
    }
    _ = consume connection
    #expect(process.wait(for: .seconds(5)) == .exited(0), "\(process.output)")
  }

  // MARK: FUSE sessions

  @Test func nothingWorksBeforeINIT() throws {
    let daemon = try DaemonProcess(Backend.swift.command())
    let device = try GuestDevice(path: daemon.socket)
    let client = FuseClient(device)
    #expect(throws: FrontEndError.reply(.inputOutput)) { try client.getattr() }
    #expect(throws: FrontEndError.reply(.inputOutput)) { try client.lookup("x") }
    _ = try client.initialize()
    _ = try client.getattr()
  }

  @Test func agreesOnTheLowerVersion() throws {
    let guest = try Guest(.swift)
    let client = guest.client
    for minor: UInt32 in [27, 31, 38, 41] {
      let agreement = try client.initialize(minor: minor)
      #expect(agreement.major == 7)
      #expect(agreement.minor == minor)
      #expect(agreement.maximumWrite == 1 << 20)
      #expect(agreement.maximumPages == 256)
      #expect(agreement.maximumReadahead == 131072)
    }
    #expect(try client.initialize(minor: 1000).minor <= 46)
    // Older than 7.27, or of another major version.
    for (major, minor) in [(7, 26), (7, 0), (6, 40), (0, 0)] as [(UInt32, UInt32)] {
      let reply = try client.queue.call(.initialize(InitIn(major: major, minor: minor)))
      #expect(reply.error == .protocolError, "\(major).\(minor)")
    }
    // A client from the future learns our major version and asks again.
    let reply = try client.queue.call(.initialize(InitIn(major: 8, minor: 1))).succeeded()
    #expect(try reply.prefix(InitOut.self).major == 7)
    _ = try client.initialize()
    _ = try client.getattr()
  }

  @Test func agreesOnlyToWhatIsOffered() throws {
    let guest = try Guest(.swift)
    let client = guest.client
    for bit in 0..<64 where bit != 30 && bit != 31 {
      let offered: InitFlags = [InitFlags(rawValue: 1 << UInt64(bit)), .initExtension]
      let agreement = try client.initialize(flags: offered)
      let agreed = InitFlags(flags: agreement.flagsLow, flags2: agreement.flagsHigh)
      #expect(offered.isSuperset(of: agreed), "bit \(bit): \(agreed)")
    }
    // EDK2: 16 bytes, and only DO_READDIRPLUS.
    let request = FuseRequest.initialize(
      InitInCompat(
        major: 7, minor: 31, maximumReadahead: 0, flagsLow: InitFlags.doReaddirplus.flags))
    let reply: InitOut = try client.queue.call(request).succeeded().structure()
    #expect(reply.minor == 31)
    #expect(reply.flagsLow & InitFlags.doReaddirplus.flags != 0)
    #expect(reply.flagsHigh == 0)
  }

  /// The C peer keeps the old session's nodes and handles.
  @Test func aSecondINITBeginsANewSession() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "1") }
    let client = guest.client
    let node = try client.lookup("f").node
    let handle = try client.open(node).handle
    _ = try client.initialize()
    #expect(throws: FrontEndError.self) {
      try client.read(node, handle: handle, byteCount: 1)
    }
    #expect(throws: FrontEndError.self) { try client.getattr(node) }
    let second = try client.lookup("f").node
    #expect(try client.getattr(second).size == 1)
    #expect(second != node)
  }

  @Test(arguments: Backend.all) func destroyEndsTheSession(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/f", "1") }
    let client = guest.client
    let node = try client.lookup("f").node
    try client.destroy()
    if backend == .swift {
      #expect(throws: FrontEndError.reply(.inputOutput)) { try client.getattr() }
    }
    _ = try client.initialize()
    #expect(throws: FrontEndError.self) { try client.getattr(node) }
    #expect(try client.lookup("f").attr.size == 1)
  }

  @Test func theSessionOutlivesAPause() throws {
    for style in FrontEndStyle.allCases {
      var options = DeviceOptions()
      options.style = style
      let guest = try Guest(.swift, options: options, more: ["--tag=t"]) { share in
        try hostWrite("\(share)/f", "1")
      }
      let node = try guest.client.lookup("f").node
      let handle = try guest.client.open(node).handle
      for _ in 0..<5 {
        try guest.device.stop()
        try guest.device.start()
        #expect(try guest.client.read(node, handle: handle, byteCount: 9) == [49], "\(style)")
      }
    }
  }
}
