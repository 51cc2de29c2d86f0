import TestSupport
import Testing

/// What a guest once asked for is answered as it was then, in every mode, and by the C virtiofsd.
@Suite struct CapturedSessionTests {
  /// A mode of ours.
  struct Mode: CustomTestStringConvertible, Sendable {
    var handles = "prefer"
    var cache = "auto"
    var more: [String] = []

    var testDescription: String {
      (["handles=\(handles)", "cache=\(cache)"] + more).joined(separator: " ")
    }

    var command: DaemonCommand {
      var command = DaemonCommand.swift(
        "--xattr", "--log-level=warn", "--inode-file-handles=\(handles)", "--cache=\(cache)")
      command.arguments += more
      return command
    }

    /// Without "mandatory" where temporary files lie on a file system that has no file handles.
    static let all: [Mode] =
      (hasHandles ? ["never", "prefer", "mandatory"] : ["never", "prefer"]).flatMap { handles in
        ["auto", "never", "always", "metadata"].map { Mode(handles: handles, cache: $0) }
      } + [Mode(more: ["--io-engine=sync"]), Mode(more: ["--num-request-queues=4"])]
  }

  @Test(arguments: CapturedSession.allCases, Mode.all)
  func oursAnswersAsRecorded(session: CapturedSession, mode: Mode) throws {
    let run = try replay(session.path, on: mode.command)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("\nequal: all "), "\(run.output)")
    #expect(!run.output.contains("not compared"), "\(run.output)")
  }

  @Test(arguments: CapturedSession.allCases, ["1", "8", "64"])
  func oursAnswersAsRecordedAtAnyDepth(session: CapturedSession, depth: String) throws {
    let run = try replay(session.path, on: Mode().command, ["--depth", depth])
    #expect(run.status == .exited(0), "\(run.output)")
  }

  @Test func recordedTimesAreKept() throws {
    let start = ContinuousClock.now
    let run = try replay(CapturedSession.boot.path, on: Mode().command, ["--speed", "recorded"])
    #expect(run.status == .exited(0), "\(run.output)")
    // The guest took more than a second, most of it between mounting and the first program.
    #expect(ContinuousClock.now - start > .milliseconds(400))
  }

  @Test func recordedTimesAreKeptAtAnyDepth() throws {
    let run = try replay(
      CapturedSession.boot.path, on: Mode().command,
      ["--speed", "recorded", "--depth", "64", "--json"])
    #expect(run.status == .exited(0), "\(run.output)")
    func number(_ name: String) -> Int? {
      guard let start = run.output.firstRange(of: "\"\(name)\": ")?.upperBound else { return nil }
      return Int(run.output[start...].prefix { $0.isNumber })
    }
    // The last reply may be faster than it was; what was before it may not.
    let (live, recorded) = (number("nanoseconds"), number("recorded_nanoseconds"))
    #expect((live ?? 0) > (recorded ?? .max) / 10 * 9, "\(run.output)")
  }

  /// How the C virtiofsd is known to differ from ours: what the request says, what the field says,
  /// and why.
  static let knownOfC: [(request: String, field: String, why: String)] = [
    (
      "name=\"system.posix_acl_", "error: EOPNOTSUPP -> ",
      "ours has no access control lists without --posix-acl; C passes the attributes on"
    )
  ]

  @Test(
    .enabled(
      if: environmentVariable("WITHOUT_C_VIRTIOFSD") != "1", "WITHOUT_C_VIRTIOFSD leaves it out"),
    arguments: CapturedSession.allCases)
  func theCVirtiofsdAnswersAsRecordedButForWhatIsKnown(session: CapturedSession) throws {
    let run = try replay(session.path, on: .c)
    let unknown = run.differences.filter { difference in
      !difference.fields.allSatisfy { field in
        Self.knownOfC.contains { known in
          difference.request.contains(known.request) && field.hasPrefix(known.field)
        }
      }
    }
    #expect(unknown.isEmpty, "\(run.output)")
    let status: Int32 = run.differences.isEmpty ? 0 : 1
    #expect(run.status == .exited(status), "\(run.output)")
  }
}

private let hasHandles =
  (try? DaemonProcess(.swift("--inode-file-handles=mandatory"))) != nil
