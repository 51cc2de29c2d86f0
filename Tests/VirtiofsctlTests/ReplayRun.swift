import Linux
import TestSupport
import Testing

/// `virtiofsctl` run to its end.
struct ToolRun {
  let status: TestSupport.ExitStatus?
  let output: String

  init(status: TestSupport.ExitStatus?, output: String) {
    self.status = status
    self.output = output
  }

  /// Runs it with these arguments; nil as status if it has not ended after a minute.
  init(_ arguments: [String], in directory: TemporaryDirectory, log: String = "tool.log") throws {
    let process = try ChildProcess(
      [builtProduct("virtiofsctl")] + arguments, outputPath: directory.path(log))
    status = process.wait(for: .seconds(60))
    output = process.output
  }

  /// The differences that `replay` has told.
  var differences: [ReplayedDifference] {
    var result: [ReplayedDifference] = []
    for line in output.split(separator: "\n") {
      if line.hasPrefix("#"), let end = line.firstRange(of: "  ") {
        result.append(ReplayedDifference(request: String(line[end.upperBound...]), fields: []))
      } else if line.hasPrefix("    "), !result.isEmpty {
        result[result.count - 1].fields.append(String(line.drop { $0 == " " }))
      }
    }
    return result
  }
}

/// What `replay` told of a reply that is not the recorded one.
struct ReplayedDifference: CustomStringConvertible {
  var request: String
  var fields: [String]

  var description: String { "\(request): \(fields.joined(separator: "; "))" }
}

/// The captures under Tests/Traces; tools/capture-traces makes them.
enum CapturedSession: String, CaseIterable, CustomTestStringConvertible {
  case boot = "boot-and-mount"
  case git
  case sqlite
  case tree = "tree-copy"

  var testDescription: String { rawValue }

  /// Where the capture lies.
  var path: String {
    let here = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(here)/Traces/\(rawValue).pcapng"
  }
}

extension DaemonCommand {
  /// Ours, and the C virtiofsd unless `WITHOUT_C_VIRTIOFSD=1` leaves it out.
  static var backEnds: [DaemonCommand] {
    let ours = DaemonCommand.swift("--xattr")
    return environmentVariable("WITHOUT_C_VIRTIOFSD") == "1" ? [ours] : [ours, .c]
  }
}

/// Prepares a share for a capture, starts a back-end on it, and plays the capture.
func replay(
  _ trace: String, on command: DaemonCommand, _ arguments: [String] = [],
  change: (String) throws -> Void = { _ in }
) throws -> ToolRun {
  let work = try TemporaryDirectory("replay")
  let daemon = try DaemonProcess(command) { share in
    let prepared = try ToolRun(
      ["replay", trace, "--prepare", share, "--privileged"], in: work, log: "prepare.log")
    try #require(prepared.status == .exited(0), "\(prepared.output)")
    try change(share)
  }
  return try ToolRun(
    ["replay", trace, "--socket", daemon.socket, "--differences", "100000"] + arguments, in: work)
}
