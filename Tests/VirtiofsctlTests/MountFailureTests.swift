import FuseProtocol
import Linux
import TestSupport
import Testing

/// What `virtiofsctl mount` does when something is wrong: one line, an exit code, nothing left.
@Suite struct MountFailureTests {
  @Test func aBackendThatDiesEndsTheMount() throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/file", "text") }
    let mount = try MountProcess(socket: daemon.socket)
    let directory = try Descriptor.directory(at: mount.mountPoint)
    let file = try directory.borrowed.open(PathName("file"), .readWrite)
    daemon.process.signal(19)
    // Not by path: what is asked for after the end is no longer looked for in the mount.
    let waiting = try ChildProcess(
      ["sh", "-c", "exec cat <&9"], outputPath: mount.directory.path("cat"),
      inherited: [(file.borrowed, 9)])
    #expect(waitUntil { isAsleep(waiting, as: "cat") })
    // The tool passes the request on before its back-end is gone.
    #expect(waiting.wait(for: .milliseconds(300)) == nil)
    daemon.process.kill()
    #expect(waiting.wait(for: .seconds(5)) == .exited(1))
    // ENOTCONN, or ECONNABORTED for what the kernel asks for (a page anew, after its readahead has
    // failed) between the last answer and the end of the mount.
    #expect(
      waiting.output.contains("Transport endpoint is not connected")
        || waiting.output.contains("Software caused connection abort"))
    #expect(mount.end == .exited(1))
    #expect(!mount.isMounted)
    #expect(throws: Errno.notConnected) { try file.borrowed.synchronize() }
    #expect(lastLine(mount).contains("the back-end closed the connection; the mount is gone"))
  }

  @Test func anAbortEndsTheMount() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket)
    // The number of a connection is that of the mount's device.
    let number = try hostStatus(mount.mountPoint).device & 0xff
    let script = """
      set -e
      mount -t fusectl fusectl "$0"
      trap 'umount --lazy "$0"' EXIT
      echo 1 >"$0/$1/abort"
      """
    let control = mount.directory.path("control")
    try hostMakeDirectory(control)
    let abort = try ChildProcess(
      ["unshare", "--mount", "sh", "-c", script, control, "\(number)"],
      outputPath: mount.directory.path("abort"))
    #expect(abort.wait(for: .seconds(10)) == .exited(0), "\(abort.output)")
    #expect(mount.end == .exited(1))
    #expect(!mount.isMounted)
    #expect(lastLine(mount).contains("the mount was aborted from outside; it is gone"))
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
  }

  @Test func aBackendThatIsSilentEndsTheMount() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket, ["--timeout", "1"])
    daemon.process.signal(19)
    let waiting = try ChildProcess(
      ["ls", mount.mountPoint], outputPath: mount.directory.path("ls"))
    #expect(mount.end == .exited(1))
    #expect(!mount.isMounted)
    #expect(waiting.wait(for: .seconds(5)) == .exited(2))
    #expect(lastLine(mount).contains("for 1 s (--timeout); the mount is gone"))
  }

  /// Whoever was stopped, the tool alone or the back-end too, the time does not count.
  @Test(arguments: [true, false])
  func aPauseIsNotSilence(backendRuns: Bool) throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/file", "text") }
    let mount = try MountProcess(socket: daemon.socket, ["--timeout", "3"])
    daemon.process.signal(19)
    let waiting = try ChildProcess(
      ["cat", mount.path("file")], outputPath: mount.directory.path("cat"))
    #expect(waitUntil { isAsleep(waiting, as: "cat") })
    // The tool passes the request on before it is stopped.
    #expect(waiting.wait(for: .milliseconds(300)) == nil)
    mount.tool.signal(19)
    if backendRuns { daemon.process.signal(18) }
    #expect(waiting.wait(for: .milliseconds(4000)) == nil)
    mount.tool.signal(18)
    if !backendRuns {
      #expect(waiting.wait(for: .milliseconds(1000)) == nil)
      daemon.process.signal(18)
    }
    #expect(waiting.wait(for: .seconds(10)) == .exited(0))
    #expect(waiting.output == "text")
    #expect(mount.isMounted && mount.tool.isRunning, "\(mount.tool.output)")
  }

  @Test func theSecondSignalDoesNotWaitForASilentBackend() throws {
    // So many that most of them, probably the first, know nothing of what is waited for.
    let daemon = try DaemonProcess(.swift("--num-request-queues=8")) {
      try hostWrite("\($0)/file", "text")
    }
    let mount = try MountProcess(socket: daemon.socket, ["--queues", "8"])
    daemon.process.signal(19)
    let waiting = try ChildProcess(
      ["cat", mount.path("file")], outputPath: mount.directory.path("cat"))
    #expect(waitUntil { isAsleep(waiting, as: "cat") })
    mount.tool.terminate()
    // Two signals at once are one.
    #expect(waitUntil { hasThread(mount.tool, named: "unmount") })
    #expect(mount.tool.wait(for: .milliseconds(300)) == nil)
    mount.tool.terminate()
    // 5 s of which it gives the back-end for what it has.
    #expect(mount.tool.wait(for: .seconds(12)) == .exited(0))
    #expect(!mount.isMounted)
    #expect(waiting.wait(for: .seconds(5)) == .exited(1))
  }

  /// A reply that breaks a rule, and what the user is told.
  struct Lie: Sendable, CustomTestStringConvertible {
    var text: String
    var answer: FakeBackend.Answer
    var testDescription: String { text }
  }

  static let lies = [
    Lie(text: "was answered with 3 bytes, which is no reply") { _ in [1, 2, 3] },
    Lie(text: "says that it has 24 bytes, and has 16") {
      wire(OutHeader(byteCount: 24, unique: $0.unique))
    },
    Lie(text: "is one to another request") {
      wire(OutHeader(byteCount: 16, unique: $0.unique + 2))
    },
    Lie(text: "has the error 5 and 16 bytes") {
      wire(OutHeader(byteCount: 16, error: 5, unique: $0.unique))
    },
    Lie(text: "has the error -512 and 16 bytes") {
      wire(OutHeader(byteCount: 16, error: -512, unique: $0.unique))
    },
    Lie(text: "has the error -5 and 20 bytes") {
      wire(OutHeader(byteCount: 20, error: -5, unique: $0.unique)) + [0, 0, 0, 0]
    },
    Lie(text: "the kernel refuses the reply to") {
      wire(OutHeader(byteCount: 20, unique: $0.unique)) + [0, 0, 0, 0]
    },
  ]

  @Test(arguments: lies)
  func aBackendThatAnswersGarbageEndsTheMount(lie: Lie) throws {
    let backend = try FakeBackend(lie.answer)
    let mount = try MountProcess(socket: backend.socket)
    #expect(mount.tool.output.hasPrefix("mounted "))
    let asking = try ChildProcess(
      ["ls", "-l", mount.mountPoint], outputPath: mount.directory.path("ls"))
    #expect(mount.end == .exited(1))
    #expect(!mount.isMounted)
    #expect(asking.wait(for: .seconds(5)) == .exited(2))
    #expect(
      lastLine(mount).hasPrefix(
        "virtiofsctl: error: the back-end does not keep to the protocol: "))
    #expect(lastLine(mount).contains(lie.text))
  }

  @Test func whoNeverSpeaksIsNoBackend() throws {
    let directory = try TemporaryDirectory("silent")
    let socket = try ListeningSocket(path: directory.path("socket"))
    defer { withExtendedLifetime(socket) {} }
    let mount = try MountProcess(socket: directory.path("socket"), ["--timeout", "1"])
    #expect(mount.end == .exited(2))
    #expect(!mount.isMounted)
    #expect(lastLine(mount).contains("does not answer; has another front-end connected to it?"))
  }

  @Test func socketsThatAreNone() throws {
    let directory = try TemporaryDirectory("socket")
    try hostWrite(directory.path("file"), "")
    for (name, text) in [
      ("missing", "there is no socket \(directory.path("missing")); start the back-end first"),
      ("file", "nobody listens on \(directory.path("file"))"),
    ] {
      let mount = try MountProcess(socket: directory.path(name))
      #expect(mount.end == .exited(2))
      #expect(mount.tool.output.contains(text))
      #expect(!mount.isMounted)
    }
  }

  @Test func mountPointsThatAreNone() throws {
    let daemon = try DaemonProcess(.swift())
    for (text, prepare) in [
      ("does not exist; make the directory first", { try hostRemove($0) }),
      (
        "is not a directory; a share needs one to be mounted on",
        {
          try hostRemove($0)
          try hostWrite($0, "")
        }
      ),
      ("is not empty; choose another directory", { try hostWrite("\($0)/file", "") }),
    ] as [(String, (String) throws -> Void)] {
      let mount = try MountProcess(socket: daemon.socket, prepare: prepare)
      #expect(mount.end == .exited(2))
      #expect(mount.tool.output.contains(text))
      #expect(mount.tool.output.split(separator: "\n").count == 1)
    }
    #expect(daemon.process.isRunning, "the back-end was not troubled with it")
  }

  @Test func aMountPointIsNotUsedTwice() throws {
    let (one, other) = (try DaemonProcess(.swift()), try DaemonProcess(.swift()))
    let mount = try MountProcess(socket: one.socket)
    let again = try ChildProcess(
      [builtProduct("virtiofsctl"), "mount", "--socket", other.socket, mount.mountPoint],
      outputPath: mount.directory.path("again"))
    #expect(again.wait(for: .seconds(10)) == .exited(2))
    #expect(again.output.contains("is a mount point already; unmount it"))
    mount.tool.kill()
    _ = mount.end
    #expect(throws: Errno.notConnected) { try hostNames(mount.mountPoint) }
    let third = try ChildProcess(
      [builtProduct("virtiofsctl"), "mount", "--socket", other.socket, mount.mountPoint],
      outputPath: mount.directory.path("again"))
    #expect(third.wait(for: .seconds(10)) == .exited(2))
    #expect(third.output.contains("is a mount whose server is gone; unmount it first"))
  }

  @Test func whoMayNotMountIsToldWhatToDo() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(
      socket: daemon.socket, through: ["setpriv", "--bounding-set", "-sys_admin"])
    #expect(mount.end == .exited(2))
    #expect(lastLine(mount).contains("this user may not mount; run as root"))
  }

  @Test(arguments: [
    ["--queues", "0"], ["--queues", "65"], ["--timeout", "-1"], ["-o", "uid=5"],
  ])
  func wrongOptionsAreUsage(options: [String]) throws {
    let mount = try MountProcess(socket: "/none", options)
    #expect(mount.end == .exited(64))
  }

  private func lastLine(_ mount: MountProcess) -> String {
    mount.tool.output.split(separator: "\n").last.map(String.init) ?? ""
  }
}
