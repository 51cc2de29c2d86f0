import Linux
import TestSupport
import Testing

/// The built daemon: exit codes, lines, the socket and the lock beside it.
@Suite struct ProcessTests {
  private let directory: TemporaryDirectory
  private let share: String
  private let socket: String

  init() throws {
    directory = try TemporaryDirectory("options")
    share = directory.path("share")
    socket = directory.path("s")
    try hostMakeDirectory(share)
  }

  /// Starts the daemon; its lines go to `NAME.log`.
  private func start(
    _ arguments: [String], log: String = "log", inherited: [(Descriptor, Int32)] = []
  ) throws -> ChildProcess {
    try ChildProcess(
      [builtProduct("swift-virtiofsd")] + arguments, outputPath: directory.path("\(log).log"),
      inherited: inherited)
  }

  /// Starts the daemon on `share` and `socket` and waits until it waits.
  private func startWaiting(_ arguments: [String] = [], log: String = "log") throws -> ChildProcess
  {
    let daemon = try start(
      ["--shared-dir=\(share)", "--socket-path=\(socket)"] + arguments, log: log)
    #expect(waitUntil { daemon.output.contains("Waiting for vhost-user socket connection...\n") })
    return daemon
  }

  /// Expects the daemon to refuse with one line.
  private func expectRefusal(_ arguments: [String], code: Int32, line: String) throws {
    let daemon = try start(arguments, log: "refusal")
    #expect(daemon.wait(for: .seconds(20)) == .exited(code))
    #expect(daemon.output == "swift-virtiofsd: error: \(line)\n")
  }

  @Test func wrongOptionIsExitCode64() throws {
    try expectRefusal(
      ["--shared-dir=\(share)", "--fd=3", "--frobnicate"], code: 64,
      line: "Unknown option '--frobnicate'")
    try expectRefusal(
      ["-o", "posix_lock"], code: 64,
      line: "-o posix_lock is not supported: locks are not shared between guests yet; leave it out")
  }

  @Test func shareMustBeADirectory() throws {
    let file = directory.path("file")
    try hostWrite(file, "")
    try expectRefusal(
      ["--shared-dir=\(file)", "--socket-path=\(socket)"], code: 1,
      line: "\(file) is not a directory; choose another --shared-dir")
    try expectRefusal(
      ["--shared-dir=\(share)/no", "--socket-path=\(socket)"], code: 1,
      line: "there is no \(share)/no; create it or choose another --shared-dir")
    #expect(!hostExists(socket))
  }

  @Test func socketPathMustFit() throws {
    let path = directory.path(String(repeating: "s", count: 108 - directory.path.utf8.count - 1))
    #expect(path.utf8.count == 108)
    try expectRefusal(
      ["--shared-dir=\(share)", "--socket-path=\(path)"], code: 1,
      line: "the socket path is too long (108 bytes, at most 107); choose a shorter --socket-path")
  }

  @Test func socketNeedsItsDirectory() throws {
    let path = directory.path("no/s")
    try expectRefusal(
      ["--shared-dir=\(share)", "--socket-path=\(path)"], code: 1,
      line: "cannot open the directory of the socket \(path): No such file or directory; "
        + "create it or choose another --socket-path")
  }

  @Test func otherFilesAreNotReplacedByTheSocket() throws {
    try hostWrite(socket, "precious")
    try expectRefusal(
      ["--shared-dir=\(share)", "--socket-path=\(socket)"], code: 1,
      line: "\(socket) exists and is not a socket; choose another --socket-path")
    #expect(try hostReadText(socket) == "precious")
    #expect(!hostExists(socket + ".pid"))
  }

  @Test func groupMustExist() throws {
    try expectRefusal(
      ["--shared-dir=\(share)", "--socket-path=\(socket)", "--socket-group=no-such-group"],
      code: 1,
      line: "there is no group 'no-such-group'; create it or choose another --socket-group")
  }

  @Test func inheritedDescriptorMustBeASocket() throws {
    try expectRefusal(
      ["--shared-dir=\(share)", "--fd=0"], code: 1,
      line: "--fd=0 is no UNIX stream socket that listens or is connected; pass one that is")
    try expectRefusal(
      ["--shared-dir=\(share)", "--fd=77"], code: 1,
      line: "--fd=77: Bad file descriptor; pass a UNIX socket, listening or connected")
  }

  @Test func secondDaemonOnOneSocketIsRefused() throws {
    let first = try startWaiting()
    try expectRefusal(
      ["--shared-dir=\(share)", "--socket-path=\(socket)"], code: 1,
      line: "the socket \(socket) is in use by process \(first.id); choose another --socket-path")
    #expect(first.isRunning)
    #expect(hostExists(socket))
  }

  @Test func lockFileHoldsTheProcessNumber() throws {
    let daemon = try startWaiting()
    #expect(try hostReadText(socket + ".pid") == "\(daemon.id)\n")
  }

  @Test(arguments: [1, 2, 15])
  func signalsEndItCleanly(_ signal: Int32) throws {
    let daemon = try startWaiting()
    daemon.signal(signal)
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    #expect(!hostExists(socket))
    #expect(!hostExists(socket + ".pid"))
  }

  @Test func leftOverSocketOfADeadDaemonIsReplaced() throws {
    let dead = try startWaiting()
    dead.signal(9)
    #expect(dead.wait(for: .seconds(20)) == .signaled(9))
    #expect(hostExists(socket))
    let daemon = try startWaiting(log: "second")
    #expect(try hostReadText(socket + ".pid") == "\(daemon.id)\n")
    let connection = try OwnedDescriptor.connected(toSocket: socket)
    #expect(connection.borrowed.rawValue >= 0)
  }

  @Test func socketIsForTheOwner() throws {
    let daemon = try startWaiting()
    #expect(try hostStatus(socket).permissions == 0o700)
    #expect(daemon.isRunning)
  }

  @Test func socketIsForTheGroupThatIsNamed() throws {
    let daemon = try startWaiting(["--socket-group=daemon"])
    let status = try hostStatus(socket)
    #expect(status.permissions == 0o770)
    #expect(status.gid == 1)
    #expect(daemon.isRunning)
  }

  @Test func leavesWithTheFrontend() throws {
    let daemon = try startWaiting()
    do {
      let connection = try OwnedDescriptor.connected(toSocket: socket)
      #expect(waitUntil { daemon.output.contains("info: Client connected, servicing requests\n") })
      #expect(connection.borrowed.rawValue >= 0)
    }
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    #expect(daemon.output.hasSuffix("info: Client disconnected, shutting down\n"))
    #expect(!hostExists(socket))
  }

  @Test func waitingLineComesWhateverTheLevel() throws {
    let daemon = try startWaiting(["--log-level=off"])
    daemon.terminate()
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    #expect(daemon.output == "Waiting for vhost-user socket connection...\n")
  }

  @Test func inheritedSocketMayListen() throws {
    let path = directory.path("inherited")
    let listener = try ListeningSocket(path: path)
    let daemon = try start(
      ["--shared-dir=\(share)", "--fd=9"], inherited: [(listener.borrowed, 9)])
    #expect(waitUntil { daemon.output.contains("Waiting for vhost-user socket connection") })
    do {
      let connection = try OwnedDescriptor.connected(toSocket: path)
      #expect(waitUntil { daemon.output.contains("Client connected") })
      #expect(connection.borrowed.rawValue >= 0)
    }
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    #expect(hostExists(path), "a socket that others made is theirs to remove")
  }

  @Test func inheritedSocketMayBeConnected() throws {
    let pair = try OwnedDescriptor.socketPair()
    let theirs = OwnedDescriptor(taking: pair.1.rawValue)
    do {
      let ours = OwnedDescriptor(taking: pair.0.rawValue)
      let daemon = try start(
        ["--shared-dir=\(share)", "--fd=9"], inherited: [(theirs.borrowed, 9)])
      #expect(waitUntil { daemon.output.contains("Client connected") })
      #expect(ours.borrowed.rawValue >= 0)
      daemon.terminate()
      #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    }
  }

  @Test func helpAndVersionAndCapabilitiesGoToStandardOutput() throws {
    for (option, line) in [
      ("--version", "swift-virtiofsd 0.1.0"), ("-V", "swift-virtiofsd 0.1.0"),
      ("--help", "OVERVIEW: Gives a virtual machine"),
      ("--print-capabilities", #"{"type":"fs","features":["separate-options"]}"#),
    ] {
      let daemon = try start([option])
      #expect(daemon.wait(for: .seconds(20)) == .exited(0))
      #expect(daemon.output.hasPrefix(line))
    }
  }

  @Test func closedStandardStreamsBecomeNull() throws {
    let daemon = try ChildProcess(
      [
        "sh", "-c", #"exec "$0" "$@" <&- >&- 2>&-"#, builtProduct("swift-virtiofsd"),
        "--shared-dir=\(share)", "--socket-path=\(socket)",
      ], outputPath: directory.path("log"))
    #expect(waitUntil { hostExists(socket) })
    for number in 0...2 {
      #expect(readSymbolicLink("/proc/\(daemon.id)/fd/\(number)") == "/dev/null")
    }
  }

  @Test func syslogTakesAllButTheWaitingLine() throws {
    let daemon = try startWaiting(["--syslog", "--log-level=debug"])
    daemon.terminate()
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    #expect(daemon.output == "Waiting for vhost-user socket connection...\n")
  }
}
