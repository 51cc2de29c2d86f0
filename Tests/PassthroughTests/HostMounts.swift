import Linux
import Passthrough
import TestSupport

/// Whether this process may mount; asked by doing it.
let mayMount: Bool = {
  guard let share = try? NodeFixture(.never) else { return false }
  return (try? share.mounting(["-t", "tmpfs", "none"], on: ".") {}) != nil
}()

extension NodeFixture {
  /// Calls `body` while something is mounted on `name`, and unmounts it unless `body` has done so.
  func mounting(
    _ arguments: [String], on name: String, _ body: () throws -> Void
  ) throws {
    let before = mountCount(on: name)
    try run(["mount"] + arguments + [path(name)])
    defer { if mountCount(on: name) > before { try? run(["umount", "-l", path(name)]) } }
    try body()
  }

  private func mountCount(on name: String) -> Int {
    let place = Array((name == "." ? directory.path : path(name)).utf8)
    return ((try? MountTable())?.entries ?? []).count { $0.path == place }
  }
}

/// What a program said that did not do its part.
struct CommandFailed: Error {
  var output: String
}

/// Runs a program of the host to its end.
func run(_ arguments: [String]) throws {
  let directory = try TemporaryDirectory("command")
  let child = try ChildProcess(arguments, outputPath: directory.path("output"))
  guard child.wait(for: .seconds(20)) == .exited(0) else {
    throw CommandFailed(output: child.output)
  }
}
