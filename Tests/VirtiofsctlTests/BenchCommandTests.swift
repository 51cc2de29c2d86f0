import FuseProtocol
import Linux
import TestSupport
import Testing

/// `virtiofsctl bench` as a process: what it prints, how it ends, what it leaves behind.
@Suite struct BenchCommandTests {
  private struct Outcome {
    var status: TestSupport.ExitStatus?
    var output: String
    /// What it said in the end.
    var lastLine: String { output.split(separator: "\n").last.map(String.init) ?? "" }
  }

  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("bench", in: "/var/tmp")
  }

  private func bench(_ arguments: [String]) throws -> Outcome {
    let process = try start(arguments)
    return Outcome(status: process.wait(for: .seconds(60)), output: process.output)
  }

  private func start(_ arguments: [String]) throws -> ChildProcess {
    try ChildProcess(
      [builtProduct("virtiofsctl"), "bench"] + arguments, outputPath: directory.path("output"))
  }

  private let short = ["--rounds", "1", "--seconds", "0.03", "--file-size", "1m"]

  private var template: String {
    builtProduct("swift-virtiofsd")
      + " --socket-path={socket} --shared-dir={share} --sandbox=none --allow-direct-io"
  }

  /// Whether nothing of a bench is left in a share.
  private func isClean(_ share: String) throws -> Bool {
    try hostNames(share).allSatisfy { !$0.contains("virtiofsctl") }
  }

  @Test func aRunningBackendIsMeasuredAndLeftAsItWas() throws {
    let daemon = try DaemonProcess(.swift(), parent: "/var/tmp")
    let outcome = try bench(
      ["--socket", daemon.socket, "--shared-dir", daemon.share()] + short
        + ["getattr", "create", "read-128k", "write-4k"])
    #expect(outcome.status == .exited(0))
    for name in [
      "getattr: depth 32, 1 round", "create:", "read-128k:", "MB/s", "files/s", "CPU/op",
    ] {
      #expect(outcome.output.contains(name))
    }
    #expect(try isClean(daemon.share()))
    #expect(daemon.process.wait(for: .seconds(5)) == .exited(0))
  }

  @Test func theKernelsOwnCallsAreMeasuredAndNothingIsLeft() throws {
    let share = directory.path("files")
    try HostPaths.makeDirectory(share)
    let outcome = try bench(["--kernel", "--shared-dir", share, "--seconds", "0.01"])
    #expect(outcome.status == .exited(0))
    for name in ["GETATTR", "statx of a name", "READDIRPLUS, an entry", "READ of 4 KiB", " ns"] {
      #expect(outcome.output.contains(name))
    }
    #expect(try hostNames(share).isEmpty)
    let failed = try bench(["--kernel", "--shared-dir", directory.path("missing")])
    #expect(failed.status == .exited(2))
    #expect(failed.lastLine.contains("cannot make a directory in"))
  }

  @Test func daemonsAreComparedByTurns() throws {
    let outcome = try bench(
      ["compare", "a=\(template)", "b=\(template) --io-engine=sync", "--base", "b"] + short
        + ["--rounds", "3", "-w", "getattr", "-w", "read-4k:depth=4", "--directory"]
        + [directory.path, "--json", "--svg", directory.path("picture.svg")])
    #expect(outcome.status == .exited(0))
    let text = outcome.output
    #expect(text.hasPrefix("{\"base\": \"b\", \"workloads\": [{\"name\": \"getattr\""))
    // Two workloads, two back-ends, three rounds; ratios for the one that is not the base.
    #expect(text.split(separator: "\"cpu_ns\": ").count == 13)
    #expect(text.split(separator: "\"base_to_this\": ").count == 3)
    #expect(!text.contains("\"errors\": 1"))
    let picture = try hostReadText(directory.path("picture.svg"))
    #expect(picture.hasPrefix("<svg"))
    #expect(picture.contains("read-4k:depth=4  vs a"))
    #expect(try isClean(directory.path))
  }

  @Test func goalsEndWithATableOfWhatHolds() throws {
    let outcome = try bench(["goals", "idle"] + short + ["--directory", directory.path])
    // A debug build holds more memory than a release build may.
    #expect([.exited(0), .exited(1)].contains(outcome.status))
    for line in ["wake-ups/s", "resident after INIT, MB", " of 4 goals hold"] {
      #expect(outcome.output.contains(line))
    }
    #expect(try isClean(directory.path))
    let wrong = try bench(["goals", "nothing"])
    #expect(wrong.status == .exited(64))
  }

  @Test func aBuiltInBackendThatCannotStartIsNamedAndTheRestGoesOn() throws {
    // "ours" is the daemon beside the tool.
    let script = """
      set -e
      cp "$0" "$1/virtiofsctl"
      printf '#!/bin/sh\\necho no luck; exit 1\\n' >"$1/swift-virtiofsd"
      chmod +x "$1/swift-virtiofsd"
      shift
      exec "$@"
      """
    let process = try ChildProcess(
      ["sh", "-c", script, builtProduct("virtiofsctl"), directory.path]
        + [directory.path("virtiofsctl"), "bench", "compare", "a=\(template)", "ours"] + short
        + ["-w", "idle", "--directory", directory.path], outputPath: directory.path("output"))
    #expect(process.wait(for: .seconds(60)) == .exited(0), "\(process.output)")
    #expect(process.output.contains("ours: ours does not listen; it said: no luck"))
    #expect(process.output.contains("wake-ups/s"))
    #expect(process.output.split(separator: "\n").contains { $0.hasPrefix("a ") })
  }

  @Test func anIdleComparisonHasWakeUps() throws {
    let outcome = try bench(
      ["compare", "a=\(template)", "b=\(template)"] + short
        + ["-w", "idle", "--directory", directory.path])
    #expect(outcome.status == .exited(0))
    #expect(outcome.output.contains("wake-ups/s"))
  }

  @Test(arguments: [
    (["getattr"], "--socket and --shared-dir are needed"),
    (["--socket", "s", "--shared-dir", "/var/tmp", "nothing"], "there is no workload 'nothing'"),
    (["--socket", "s", "--shared-dir", "/var/tmp", "--rounds", "0"], "--rounds is from 1"),
    (["--socket", "s", "--shared-dir", "/var/tmp", "--cpus", "9999/0"], "--cpus is auto"),
    (["--socket", "s", "--shared-dir", "/var/tmp", "--queue-size", "100"], "power of two"),
    (
      ["--socket", "s", "--shared-dir", "/var/tmp", "--svg", "/var/tmp/p"],
      "--svg draws what is compared"
    ),
    (
      ["--socket", "s", "--shared-dir", "/var/tmp", "getattr:block=8k"],
      "'getattr' has no block to set"
    ),
    (["compare", "c", "--svg", "/var/tmp/p"], "it takes two back-ends"),
    (["compare", "nobody"], "there is no back-end 'nobody'"),
    (["compare", "c", "c"], "two back-ends have one name"),
    (["compare", "c", "--base", "rust"], "--base rust is none"),
  ])
  func aWrongCommandLineIsOneLine(arguments: [String], text: String) throws {
    let outcome = try bench(arguments)
    #expect(outcome.status == .exited(64))
    #expect(outcome.output.split(separator: "\n").count == 1)
    #expect(outcome.output.contains(text))
  }

  @Test func whatCannotBeDoneIsOneLine() throws {
    let share = directory.path("share")
    try hostMakeDirectory(share)
    let nobody = try bench(
      ["--socket", directory.path("nobody"), "--shared-dir", share, "getattr"] + short)
    #expect(nobody.status == .exited(2))
    #expect(nobody.lastLine.contains("cannot connect to the back-end"))
    let noShare = try bench(
      ["--socket", directory.path("s"), "--shared-dir", directory.path("none"), "getattr"])
    #expect(noShare.status == .exited(2))
    #expect(noShare.lastLine.contains("cannot make a directory in"))
    let broken = try bench(
      ["compare", "x=/bin/false {socket} {share}", "--directory", directory.path] + short)
    #expect(broken.status == .exited(2))
    #expect(broken.lastLine.contains("x does not listen"))
    let absent = try bench(
      ["compare", "x=/none {socket} {share}", "--directory", directory.path] + short)
    #expect(absent.status == .exited(2))
    #expect(absent.lastLine.contains("cannot start x (/none): No such file"))
    #expect(try isClean(share) && isClean(directory.path))
  }

  @Test func anotherDirectoryThanTheShareIsNoticed() throws {
    let daemon = try DaemonProcess(.swift(), parent: "/var/tmp")
    let outcome = try bench(
      ["--socket", daemon.socket, "--shared-dir", directory.path, "getattr"] + short)
    #expect(outcome.status == .exited(2))
    #expect(outcome.lastLine.contains("--shared-dir is not what the back-end serves"))
    #expect(try isClean(directory.path))
  }

  @Test func aBackendThatAnswersGarbageIsGivenUp() throws {
    let fake = try FakeBackend { _ in Array(repeating: 0xa5, count: 40) }
    let outcome = try bench(
      ["--socket", fake.socket, "--shared-dir", directory.path, "getattr"] + short)
    #expect(outcome.status == .exited(2))
    #expect(outcome.lastLine.contains("broke a rule of the ring or of FUSE"))
    #expect(try isClean(directory.path))
  }

  @Test func aWriteThatFailsIsToldByItsError() throws {
    let share = directory.path
    let fake = try FakeBackend { header in
      let unique = header.unique
      func whole<T: WireValue>(_ value: T) -> [UInt8] {
        let body = wire(value)
        return wire(OutHeader(byteCount: UInt32(16 + body.count), unique: unique)) + body
      }
      switch Opcode(rawValue: header.opcode) {
      case .lookup?: return whole(EntryOut(node: NodeID(rawValue: 2)))
      case .open?: return whole(OpenOut(handle: 1))
      case .read?:
        let names = (try? hostNames(share)) ?? []
        let token = Array((names.first { $0.contains("virtiofsctl") } ?? "").utf8)
        return wire(OutHeader(byteCount: UInt32(16 + token.count), unique: unique)) + token
      case .write?:
        return wire(OutHeader(byteCount: 16, error: -Errno.noSpace.rawValue, unique: unique))
      case _: return wire(OutHeader(byteCount: 16, unique: unique))
      }
    }
    let outcome = try bench(
      ["--socket", fake.socket, "--shared-dir", share, "write-4k"] + short)
    #expect(outcome.status == .exited(1))
    #expect(outcome.lastLine.contains("No space left"), "\(outcome.output)")
    #expect(try isClean(share))
  }

  @Test func aBackendThatDoesNotAnswerIsGivenUp() throws {
    let daemon = try DaemonProcess(.swift(), parent: "/var/tmp")
    daemon.process.signal(19)
    let outcome = try bench(
      ["--socket", daemon.socket, "--shared-dir", daemon.share(), "--timeout", "1", "getattr"])
    #expect(outcome.status == .exited(2))
    #expect(outcome.lastLine.contains("did not answer in time (--timeout)"))
    #expect(try isClean(daemon.share()))
  }

  @Test(arguments: [(9, "closed the connection"), (19, "did not answer in time")])
  func aBackendThatStopsInTheMiddleIsGivenUp(signal: Int32, text: String) throws {
    let daemon = try DaemonProcess(.swift(), parent: "/var/tmp")
    let process = try start(
      [
        "--socket", daemon.socket, "--shared-dir", daemon.share(), "--timeout", "1", "--seconds",
        "30", "getattr",
      ])
    #expect(try waitUntil { try hostNames(daemon.share()).count == 1 })
    #expect(process.wait(for: .milliseconds(700)) == nil)
    daemon.process.signal(signal)
    #expect(process.wait(for: .seconds(20)) == .exited(2))
    #expect(process.output.contains(text))
    #expect(try isClean(daemon.share()))
  }

  @Test func anInterruptedComparisonLeavesNothing() throws {
    let process = try start(
      [
        "compare", "a=\(template)", "-w", "getattr", "--seconds", "30", "--directory",
        directory.path,
      ])
    #expect(
      try waitUntil { try hostNames(directory.path).contains { $0.hasPrefix("virtiofsctl") } })
    #expect(process.wait(for: .milliseconds(1000)) == nil)
    process.signal(2)
    #expect(process.wait(for: .seconds(20)) == .exited(2))
    #expect(process.output.contains("interrupted"))
    #expect(try isClean(directory.path))
    let names = try hostNames("/proc").filter { Int($0) != nil }
    let lines = names.compactMap { try? hostReadText("/proc/\($0)/cmdline") }
    #expect(!lines.contains { $0.contains("--shared-dir=\(directory.path)/") })
  }
}
