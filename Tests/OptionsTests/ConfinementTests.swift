import Linux
import TestSupport
import Testing

/// What the running daemon has given up.
@Suite struct ConfinementTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("confined")
    try hostMakeDirectory(directory.path("share"))
  }

  /// Starts the daemon and waits until it is confined.
  private func start(_ arguments: [String]) throws -> ChildProcess {
    let daemon = try ChildProcess(
      [builtProduct("swift-virtiofsd"), "--shared-dir=\(directory.path("share"))"]
        + ["--socket-path=\(directory.path("s"))"] + arguments,
      outputPath: directory.path("log"))
    #expect(waitUntil { daemon.output.contains("Waiting for") }, "\(daemon.output)")
    return daemon
  }

  /// The value of `field` in /proc/PID/status.
  private func status(_ daemon: ChildProcess, _ field: String) throws -> String? {
    try hostReadText("/proc/\(daemon.id)/status").split(separator: "\n")
      .first { $0.hasPrefix("\(field):") }
      .map { String($0.drop { $0 != "\t" }.dropFirst()) }
  }

  @Test func shareBecomesTheRootDirectory() throws {
    let daemon = try start([])
    #expect(readSymbolicLink("/proc/\(daemon.id)/root") == directory.path("share"))
    #expect(readSymbolicLink("/proc/\(daemon.id)/cwd") == directory.path("share"))
  }

  @Test func rootDirectoryStaysWithoutASandbox() throws {
    let daemon = try start(["--sandbox=none"])
    #expect(readSymbolicLink("/proc/\(daemon.id)/root") == "/")
  }

  @Test func nineCapabilitiesAreLeft() throws {
    let daemon = try start([])
    #expect(try status(daemon, "CapEff") == "00000000880000df")
    #expect(try status(daemon, "CapPrm") == "00000000880000df")
    #expect(try status(daemon, "CapBnd") == "0000000000000000")
  }

  @Test func withoutFileHandlesEightAreLeft() throws {
    let daemon = try start(["--inode-file-handles=never"])
    #expect(try status(daemon, "CapEff") == "00000000880000db")
  }

  @Test func modcapsChangesWhatIsLeft() throws {
    let daemon = try start(["--modcaps=+sys_chroot:-mknod"])
    #expect(try status(daemon, "CapEff") == "00000000800400df")
  }

  @Test func limitOfOpenFilesIsSet() throws {
    let daemon = try start(["--rlimit-nofile=4321"])
    let line = try hostReadText("/proc/\(daemon.id)/limits").split(separator: "\n")
      .first { $0.hasPrefix("Max open files") }
    #expect(line?.split(separator: " ")[3] == "4321")
  }

  @Test func modesOfTheGuestPassWhole() throws {
    let daemon = try start([])
    #expect(try status(daemon, "Umask") == "0000")
  }

  @Test func signalsAreBlockedAndBrokenPipesIgnored() throws {
    let daemon = try start([])
    let blocked = try #require(status(daemon, "SigBlk").flatMap { UInt64($0, radix: 16) })
    #expect(blocked & 0x4003 == 0x4003, "SIGHUP, SIGINT and SIGTERM")
    let ignored = try #require(status(daemon, "SigIgn").flatMap { UInt64($0, radix: 16) })
    #expect(ignored & (1 << 12) != 0, "SIGPIPE")
  }

  @Test func ordinaryUserServesWithoutASandbox() throws {
    let log = directory.path("user.log")
    let binary = directory.path("daemon")
    let copy = try ChildProcess(
      ["install", "-m", "755", builtProduct("swift-virtiofsd"), binary], outputPath: log)
    #expect(copy.wait(for: .seconds(60)) == .exited(0))
    try hostSetOwner(directory.path, uid: 65534, gid: 65534)
    let daemon = try ChildProcess(
      [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", binary,
        "--shared-dir=\(directory.path("share"))", "--socket-path=\(directory.path("s"))",
      ], outputPath: log)
    #expect(waitUntil { daemon.output.contains("Waiting for") }, "\(daemon.output)")
    #expect(try status(daemon, "CapEff") == "0000000000000000")
    daemon.terminate()
    #expect(daemon.wait(for: .seconds(20)) == .exited(0))
  }
}
