import TestSupport
import Testing

/// The tool, which has no commands yet.
@Suite struct VirtiofsctlTests {
  @Test(arguments: [
    ([], 0, "OVERVIEW: "), (["--help"], 0, "OVERVIEW: "), (["--version"], 0, "virtiofsctl 0.1.0"),
    (["frob"], 64, "Error: Unexpected argument 'frob'"),
  ])
  func answers(_ arguments: [String], code: Int32, start: String) throws {
    let directory = try TemporaryDirectory("ctl")
    let tool = try ChildProcess(
      [builtProduct("virtiofsctl")] + arguments, outputPath: directory.path("log"))
    #expect(tool.wait(for: .seconds(20)) == .exited(code))
    #expect(tool.output.hasPrefix(start))
  }
}
