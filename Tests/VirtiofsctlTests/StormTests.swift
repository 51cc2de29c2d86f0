import Linux
import TestSupport
import Testing

/// The program that storms file systems: it must find what is wrong, and nothing else.
@Suite struct StormTests {
  private func storm(_ directory: TemporaryDirectory, _ arguments: [String]) throws -> ChildProcess
  {
    let files = directory.path("files")
    removeTree(files)
    try hostMakeDirectory(files)
    return try ChildProcess(
      [builtProduct("file-storm"), files, "--size", "65536"] + arguments,
      outputPath: directory.path("log"))
  }

  @Test func aSoundFileSystemPassesAndTheSeedRepeatsTheHistory() throws {
    let directory = try TemporaryDirectory("storm")
    var outputs: [String] = []
    for _ in 0..<2 {
      let storm = try storm(directory, ["--seed", "7", "--operations", "400"])
      #expect(storm.wait(for: .seconds(60)) == .exited(0))
      outputs.append(storm.output)
    }
    #expect(outputs[0].contains("file-storm: 400 operations as they must be: "))
    #expect(outputs[0] == outputs[1])
  }

  @Test func whatSomebodyElseChangesIsFound() throws {
    let directory = try TemporaryDirectory("storm")
    let storm = try storm(directory, ["--seed", "8", "--seconds", "60"])
    let isFound = waitUntil(.seconds(30)) {
      for name in (try? hostNames(directory.path("files"))) ?? [] {
        try? hostTruncate(directory.path("files/\(name)"), 4097)
      }
      return !storm.isRunning
    }
    #expect(isFound)
    #expect(storm.wait(for: .seconds(5)) == .exited(1))
    #expect(storm.output.contains("the last operations on f"))
    #expect(storm.output.contains("again: file-storm EMPTY_DIRECTORY --seed 8 --operations "))
  }
}
