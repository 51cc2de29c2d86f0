import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// Data arrives whole on every file system, whichever way the calls are made there: at once, in
/// part at once, through the ring, or by workers (docs/blocking.md).
///
/// Needs root, for the mounts.
@Suite(.serialized) struct DataTests {
  @Test(arguments: HostFileSystem.allCases, ["uring", "sync"])
  func whatIsWrittenIsReadWhole(_ kind: HostFileSystem, _ engine: String) throws {
    let fileSystem = try MountedFileSystem(kind)
    let share = "\(fileSystem.path)/share"
    try hostMakeDirectory(share)
    var command = DaemonCommand.swift("--log-level=warn", "--io-engine=\(engine)")
    command.arguments = command.arguments.map { $0.replacing("{share}", with: share) }
    let daemon = try DaemonProcess(command)
    let device = try GuestDevice(path: daemon.socket)
    let client = FuseClient(device)
    _ = try client.initialize()
    let made = try client.create("file")
    var random = SeededRandom()
    var expected: [UInt8] = []
    for byteCount in [1, 4096, 300_000, 1 << 20, 77] {
      let bytes = random.bytes(byteCount)
      let written = try client.write(
        made.entry.node, handle: made.open.handle, offset: UInt64(expected.count), bytes)
      #expect(written == byteCount)
      expected += bytes
    }
    #expect(try hostRead("\(share)/file") == expected)
    let read = try client.read(
      made.entry.node, handle: made.open.handle, byteCount: expected.count + 1)
    #expect(read == expected)
    try client.fsync(made.entry.node, handle: made.open.handle)
    try client.release(made.entry.node, handle: made.open.handle)
  }
}
