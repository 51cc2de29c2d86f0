import Linux
import TestSupport
import Testing

@Suite struct SpawnedProcessTests {
  @Test(arguments: [true, false])
  func whatTheProgramHasStartedEndsWithIt(isKilled: Bool) throws {
    let directory = try TemporaryDirectory("spawned")
    let process = try SpawnedProcess(
      ["sh", "-c", "sleep 100 & echo $! done; wait"], outputPath: directory.path("output"))
    let hasSaid = try waitUntil {
      try hostReadText(directory.path("output")).contains("done")
    }
    #expect(hasSaid)
    let text = try hostReadText(directory.path("output"))
    let number = try #require(text.split(separator: " ").first)
    let commandLine = "/proc/\(number)/cmdline"
    // Right after the fork it is still the shell's.
    #expect(try waitUntil { try hostReadText(commandLine).contains("sleep") })
    if isKilled { process.kill() } else { process.terminate() }
    #expect(process.wait(milliseconds: 5000))
    // A process that has ended has no command line, if it is there at all.
    let isGone = waitUntil { (try? hostReadText(commandLine))?.isEmpty ?? true }
    #expect(isGone)
  }
}
