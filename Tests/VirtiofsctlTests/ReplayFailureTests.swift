import Linux
import TestSupport
import Testing

/// What is wrong is said in one line, and with the right exit code.
@Suite struct ReplayFailureTests {
  private let work: TemporaryDirectory

  init() throws {
    work = try TemporaryDirectory("replay")
  }

  private func tool(_ arguments: String...) throws -> ToolRun {
    try ToolRun(["replay"] + arguments, in: work)
  }

  private func isOneLine(_ run: ToolRun) -> Bool {
    run.output.hasPrefix("virtiofsctl: error: ") && run.output.split(separator: "\n").count == 1
  }

  @Test func nobodyListens() throws {
    let run = try tool(CapturedSession.boot.path, "--socket", work.path("none"))
    #expect(run.status == .exited(2))
    #expect(isOneLine(run), "\(run.output)")
    #expect(run.output.contains("there is no socket"), "\(run.output)")
  }

  @Test func aDirectoryThatIsNotEmpty() throws {
    try hostMakeDirectory(work.path("share"))
    try hostWrite(work.path("share/file"), "mine")
    let run = try tool(CapturedSession.boot.path, "--prepare", work.path("share"))
    #expect(run.status == .exited(2))
    #expect(isOneLine(run), "\(run.output)")
    #expect(run.output.contains("is not empty"), "\(run.output)")
    #expect(try hostNames(work.path("share")) == ["file"])
  }

  @Test(arguments: [("", "empty"), ("no capture", "pcapng")])
  func aForeignFile(contents: String, words: String) throws {
    try hostWrite(work.path("file"), contents)
    let run = try tool(work.path("file"), "--prepare", work.path("share"))
    #expect(run.status == .exited(2))
    #expect(isOneLine(run), "\(run.output)")
    #expect(run.output.contains(words), "\(run.output)")
  }

  @Test func aWrongCommandLine() throws {
    let trace = CapturedSession.boot.path
    #expect(try tool(trace).status == .exited(64))
    #expect(try tool(trace, "--socket", "s", "--prepare", "d").status == .exited(64))
    #expect(try tool(trace, "--socket", "s", "--depth", "0").status == .exited(64))
    #expect(try tool(trace, "--socket", "s", "--timeout", "0").status == .exited(64))
    #expect(try tool(trace, "--socket", "s", "--speed", "fast").status == .exited(64))
  }

  /// Plays a session at its recorded speed, and does something to the back-end in its middle.
  private func replay(
    disturbedBy signal: @escaping (ChildProcess) -> Void
  ) throws -> ToolRun {
    let work = work
    let trace = CapturedSession.boot.path
    let daemon = try DaemonProcess(.swift("--xattr")) { share in
      _ = try ToolRun(["replay", trace, "--prepare", share], in: work)
    }
    let process = try ChildProcess(
      [
        builtProduct("virtiofsctl"), "replay", trace, "--socket", daemon.socket, "--speed",
        "recorded", "--timeout", "2",
      ], outputPath: work.path("disturbed.log"))
    // What it opens shows that it has attached; from its first directory on it takes half a second.
    let hasBegun = try waitUntil(.seconds(20)) {
      try openDescriptors(of: daemon.process.id).contains { $0.contains("/share/capture-boot") }
    }
    try #require(hasBegun, "\(process.output)")
    signal(daemon.process)
    let status = process.wait(for: .seconds(30))
    // A stopped process cannot end.
    daemon.process.signal(18)
    return ToolRun(status: status, output: process.output)
  }

  @Test func aBackEndThatDies() throws {
    let run = try replay { $0.kill() }
    #expect(run.status == .exited(2))
    #expect(isOneLine(run), "\(run.output)")
    #expect(run.output.contains("closed the connection"), "\(run.output)")
  }

  @Test func aBackEndThatDoesNotAnswer() throws {
    let run = try replay { $0.signal(19) }
    #expect(run.status == .exited(2))
    #expect(isOneLine(run), "\(run.output)")
    #expect(run.output.contains("did not answer within 2 s; unanswered: request "), "\(run.output)")
  }

  @Test func whatDiffersIsTold() throws {
    let run = try VirtiofsctlTests.replay(
      CapturedSession.boot.path, on: .swift("--xattr"), ["--differences", "100"]
    ) { share in
      let directory = "\(share)/capture-boot"
      try hostSetMode("\(directory)/etc/init.d/service", 0o700)
      try hostWrite("\(directory)/etc/hostname", "other")
      try hostRemove("\(directory)/home/guest/file-7")
      try hostWrite("\(directory)/home/guest/newcomer", "")
    }
    #expect(run.status == .exited(1))
    let fields = Set(run.differences.flatMap(\.fields))
    #expect(fields.contains { $0.hasPrefix("mode") && $0.hasSuffix("0100755 -> 0100700") })
    #expect(fields.contains("entry: \"file-7\" -> missing"))
    #expect(fields.contains("entry: missing -> \"newcomer\""))
    #expect(fields.contains { $0.hasPrefix("size") && $0.hasSuffix(": 6 -> 5") })
    #expect(fields.contains("length: 6 -> 5"))
    #expect(fields.contains("request: sent -> not sent: its node is not known"))
    #expect(run.output.contains("\ndifferent: "))
  }

  @Test func oneByteThatDiffersIsTold() throws {
    let run = try VirtiofsctlTests.replay(CapturedSession.boot.path, on: .swift("--xattr")) {
      try hostWrite("\($0)/capture-boot/etc/hostname", "guEst\n")
    }
    #expect(run.status == .exited(1))
    #expect(
      run.differences.map(\.fields) == [["byte 2: 65 73 74 0a -> 45 73 74 0a"]], "\(run.output)")
  }

  @Test func resultsAreJSON() throws {
    let run = try VirtiofsctlTests.replay(
      CapturedSession.boot.path, on: .swift("--xattr"), ["--json"])
    #expect(run.status == .exited(0))
    #expect(run.output.hasPrefix("{\"trace\": \""))
    #expect(run.output.contains("\"equal\": true"))
    #expect(run.output.contains("{\"name\": \"LOOKUP\", \"opcode\": 1, \"sent\": "))
    #expect(run.output.split(separator: "\n").count == 1)
  }
}
