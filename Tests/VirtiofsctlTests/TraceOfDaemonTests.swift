import Frontend
import FuseProtocol
import TestSupport
import Testing
import Trace

@testable import Virtiofsctl

/// What the daemon records while it is driven through its socket, as the tool shows it.
@Suite struct TraceOfDaemonTests {
  /// A session in which a file is looked up, read, and one that is not there is missed.
  private func session(
    _ daemon: DaemonProcess, _ more: (FuseClient) throws -> Void = { _ in }
  ) throws {
    let device = try GuestDevice(path: daemon.socket, options: DeviceOptions())
    let client = FuseClient(device)
    _ = try client.initialize()
    let node = try client.lookup("file").node
    let handle = try client.open(node).handle
    #expect(try client.read(node, handle: handle, byteCount: 4096) == Array("hello".utf8))
    #expect(throws: FrontEndError.self) { try client.lookup("none\u{1b}") }
    try client.release(node, handle: handle)
    try more(client)
  }

  private func daemon() throws -> DaemonProcess {
    try DaemonProcess(DaemonCommand.swift("--trace={share}.pcapng")) { share in
      try hostWrite("\(share)/file", "hello")
    }
  }

  @Test func aCleanSessionIsShownFromItsBeginningToItsEnd() throws {
    let daemon = try daemon()
    try session(daemon)
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
    let path = daemon.share() + ".pcapng"
    let show = try ToolRun(["trace", "show", path], in: daemon.directory)
    #expect(show.status == .exited(0))
    for part in [
      #"* the capture begins: program="swift-virtiofsd "#, "INIT         version=7.",
      #"LOOKUP       node=1 name="file" -> node="#, " mode=0100644 size=5  ",
      "-> data=5 digest=0x", #"name="none\x1b" -> ENOENT  "#, "RELEASE      node=",
      " dropped=0\n",
    ] {
      #expect(show.output.contains(part), "\(part) in \(show.output)")
    }
    #expect(!show.output.contains("["))
    let stat = try ToolRun(["trace", "stat", path], in: daemon.directory)
    #expect(stat.output.contains("  LOOKUP: ENOENT 1\n"), "\(stat.output)")
    #expect(stat.output.contains("file data  5 B read, 0 B written\n"))
  }

  /// What had reached the file is there; the line about the cut depends on where it was cut.
  @Test func aDaemonThatWasKilledLeavesACaptureThatCanBeRead() throws {
    let daemon = try daemon()
    let path = daemon.share() + ".pcapng"
    try session(daemon) { client in
      // The writer puts into the file what the queues have recorded, within a second.
      let isWritten = try waitUntil(.seconds(20)) {
        _ = try client.statfs()
        return try ToolRun(["trace", "show", path], in: daemon.directory).output
          .contains("RELEASE")
      }
      #expect(isWritten)
      daemon.process.kill()
    }
    let show = try ToolRun(["trace", "show", path], in: daemon.directory)
    #expect(show.status == .exited(0))
    #expect(show.output.contains("RELEASE      node="))
    #expect(!show.output.contains("the capture ends"))
  }
}
