import Linux
import TestSupport
import Testing

@testable import Daemon

/// `--trace` and `--trace-snaplen`.
@Suite struct CaptureOptionTests {
  @Test func nothingIsRecordedUnasked() throws {
    #expect(try configured(least).daemon.capture == nil)
    #expect(
      try configured(least + ["--trace=/t"]).daemon.capture
        == CaptureOptions(path: "/t", snapLength: 256))
    #expect(
      try configured(least + ["--trace", "/t", "--trace-snaplen=0"]).daemon.capture
        == CaptureOptions(path: "/t", snapLength: 0))
  }

  @Test(arguments: [
    (["--trace=/t", "--trace-snaplen=-1"], "from 0 to 4194304"),
    (["--trace=/t", "--trace-snaplen=4194305"], "from 0 to 4194304"),
    (["--trace=/t", "--trace-snaplen=all"], "--trace-snaplen"),
    (["--trace-snaplen=10"], "add it"), (["--trace"], "--trace"),
  ])
  func wrongValuesAreRefused(_ arguments: [String], words: String) throws {
    let error = try #require(refusal(least + arguments))
    #expect(error.exitCode == 64)
    #expect(error.message.contains(words), "\(error.message)")
  }

  /// A file that cannot be one: a line and exit code 1, and nothing is left behind.
  @Test func filesThatCannotBeAreRefused() throws {
    let directory = try TemporaryDirectory("capture")
    let share = directory.path("share")
    try hostMakeDirectory(share)
    for (file, words) in [
      (share, "is a directory; give the name of a file"),
      (directory.path("none/t"), "No such file or directory; choose another --trace=FILE"),
      ("/dev/null", "is no regular file; give the name of another"),
      ("/dev/full", "is no regular file"),
    ] {
      let daemon = try ChildProcess(
        [
          builtProduct("swift-virtiofsd"), "--shared-dir=\(share)", "--trace=\(file)",
          "--socket-path=\(directory.path("s"))",
        ], outputPath: directory.path("log"))
      #expect(daemon.wait(for: .seconds(20)) == .exited(1))
      #expect(daemon.output.contains(words), "\(daemon.output)")
      #expect(daemon.output.split(separator: "\n").count == 1)
      #expect(try hostNames(directory.path).sorted() == ["log", "share"])
    }
  }

  /// SIGTERM before anybody came: the capture is whole.
  @Test(arguments: ["none", "chroot"]) func aDaemonThatIsStoppedClosesItsCapture(
    sandbox: String
  ) throws {
    let directory = try TemporaryDirectory("capture")
    try hostMakeDirectory(directory.path("share"))
    let daemon = try ChildProcess(
      [
        builtProduct("swift-virtiofsd"), "--shared-dir=\(directory.path("share"))",
        "--trace=\(directory.path("t"))", "--socket-path=\(directory.path("s"))",
        "--sandbox=\(sandbox)",
      ], outputPath: directory.path("log"))
    #expect(waitUntil { daemon.output.contains("Waiting") })
    #expect(try hostStatus(directory.path("t")).mode == 0o100600)
    let before = try hostStatus(directory.path("t")).size
    daemon.terminate()
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
    #expect(try hostStatus(directory.path("t")).size > before)
  }
}
