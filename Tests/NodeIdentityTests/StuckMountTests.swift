import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// A file system in the share that never answers keeps nobody waiting but those who ask it.
///
/// Needs root, for the mount.
@Suite(.serialized) struct StuckMountTests {
  @Test(arguments: ["uring", "sync"]) func othersAreServedBesideAStuckMount(
    _ engine: String
  ) throws {
    let share = try TemporaryDirectory("stuck")
    try hostWrite(share.path("file"), "here")
    let mount = try StuckMount(at: share.path("mnt"))
    var command = DaemonCommand.swift("--log-level=warn", "--io-engine=\(engine)")
    command.arguments = command.arguments.map { $0.replacing("{share}", with: share.path) }
    let daemon = try DaemonProcess(command)
    let device = try GuestDevice(path: daemon.socket)
    let client = FuseClient(device)
    _ = try client.initialize()
    let queue = client.queue
    let local = try client.lookup("file").node
    let localHandle = try client.open(local).handle
    let directory = try client.lookup("mnt").node
    let remote = try client.lookup("file", in: directory).node
    let handle = try client.open(remote).handle

    mount.stop()
    let buffer = try queue.arena.allocate(4096)
    let stuck = [
      try queue.submit(.read(remote, handle: handle, offset: 0, into: [buffer])),
      try queue.submit(.getattr(remote)),
      try queue.submit(.lookup("file", in: directory)),
      try queue.submit(.lookup("mnt")),
      try queue.submit(.fsync(remote, handle: handle)),
    ]
    queue.flush()
    // Many more than there are threads of one kind.
    for _ in 0..<50 {
      _ = try client.getattr(local)
      #expect(try client.read(local, handle: localHandle, byteCount: 10) == Array("here".utf8))
      _ = try client.lookup("file")
    }
    #expect(queue.inFlightCount > 0)

    mount.resume()
    for ticket in stuck { #expect(try queue.collect(ticket).error == nil) }
    queue.arena.free(buffer)
  }
}

/// bindfs, which can be kept from answering; unmounted when this object goes.
private final class StuckMount {
  private let directory: TemporaryDirectory
  private let process: ChildProcess
  private let path: String

  init(at path: String) throws {
    self.path = path
    directory = try TemporaryDirectory("served")
    try hostWrite(directory.path("file"), "there")
    try hostMakeDirectory(path)
    let device = try hostStatus(path).device
    process = try ChildProcess(
      [
        "bindfs", "-f", "-o", "attr_timeout=0,entry_timeout=0,direct_io", directory.path, path,
      ], outputPath: "\(directory.path).log")
    let deadline = SystemClock.now + .seconds(20)
    while try hostStatus(path).device == device {
      guard process.isRunning, SystemClock.now < deadline else {
        throw DaemonError(command: "bindfs", output: process.output)
      }
      SystemClock.sleep(milliseconds: 20)
    }
  }

  deinit {
    resume()
    let unmounting = try? ChildProcess(
      ["umount", "--lazy", path], outputPath: "\(directory.path).log")
    _ = unmounting?.wait(for: .seconds(10))
    _ = process.wait(for: .seconds(10))
    try? hostRemove("\(directory.path).log")
  }

  /// Nothing is answered from now on.
  func stop() { process.signal(19) }

  func resume() { process.signal(18) }
}
