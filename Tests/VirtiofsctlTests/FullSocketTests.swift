import Frontend
import Linux
import TestSupport
import Testing

/// A socket that listens, and nobody takes connections from it: every tool gives it up in time.
@Suite struct FullSocketTests {
  private let work: TemporaryDirectory
  private let listening: SharedDescriptor
  /// Those that are waiting already.
  private let waiting: [SharedDescriptor]

  private var socket: String { work.path("socket") }

  init() throws {
    work = try TemporaryDirectory("full")
    let socket = try ListeningSocket(path: work.path("socket"))
    listening = SharedDescriptor(try socket.borrowed.duplicate())
    var waiting: [SharedDescriptor] = []
    while waiting.count < 100,
      let one = try? OwnedDescriptor.connected(
        toSocket: work.path("socket"), waitingAtMost: 10_000)
    {
      waiting.append(SharedDescriptor(one))
    }
    self.waiting = waiting
    try hostMakeDirectory(work.path("share"))
    try hostMakeDirectory(work.path("mnt"))
  }

  private func expectGivenUp(_ arguments: [String]) throws {
    #expect((1..<100).contains(waiting.count))
    let run = try ToolRun(arguments, in: work)
    #expect(run.status == .exited(2), "\(run.output)")
    let last = run.output.split(separator: "\n").last ?? ""
    #expect(last.hasPrefix("virtiofsctl: error: "), "\(run.output)")
    #expect(last.contains("the connection"), "\(run.output)")
    #expect(last.contains("another front-end"), "\(run.output)")
  }

  @Test func connectingSaysThatNobodyTakesIt() {
    #expect(throws: FrontEndError.timedOut(.connecting)) {
      _ = try FrontEndConnection(path: socket, timeout: .milliseconds(20))
    }
  }

  @Test func benchGivesItUpAndLeavesNothing() throws {
    try expectGivenUp([
      "bench", "--socket", socket, "--shared-dir", work.path("share"), "--timeout", "1",
    ])
    #expect(try hostNames(work.path("share")).isEmpty)
  }

  @Test func replayGivesItUp() throws {
    try expectGivenUp([
      "replay", CapturedSession.boot.path, "--socket", socket, "--timeout", "1",
    ])
  }

  @Test func mountGivesItUpAndMountsNothing() throws {
    try expectGivenUp(["mount", "--socket", socket, "--timeout", "1", work.path("mnt")])
    let mounts = try hostReadText("/proc/self/mounts")
    #expect(!mounts.contains(work.path("mnt")))
  }
}
