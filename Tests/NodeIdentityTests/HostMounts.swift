import FuseProtocol
import Frontend
import Linux
import TestSupport

/// A daemon on a share that the host mounts things in, with a guest attached.
final class SharedMounts {
  let daemon: DaemonProcess
  private let device: GuestDevice

  /// A share in which `prepare`, which gets its path, makes the mount points.
  init(
    sandbox: String = "none", _ options: [String], prepare: (String) throws -> Void
  ) throws {
    var command = DaemonCommand.swift(sandbox: sandbox, "--log-level=warn")
    command.arguments += options
    daemon = try DaemonProcess(command, prepare: prepare)
    device = try GuestDevice(path: daemon.socket)
  }

  /// The guest's client; a new session.
  func makeClient() throws -> FuseClient {
    let client = FuseClient(device)
    _ = try client.initialize()
    return client
  }

  func path(_ name: String) -> String { daemon.share(name) }

  /// Waits until the daemon holds nothing open at `name`.
  func waitUntilReleased(_ name: String) throws -> Bool {
    let id = daemon.process.id
    // With a sandbox the links show the path below the share.
    let ends = ["-> \(path(name))", "-> /\(name)"]
    return try waitUntil(.seconds(60)) {
      try !openDescriptors(of: id).contains { link in
        ends.contains { link.hasSuffix($0) || link.contains("\($0)/") }
      }
    }
  }
}

/// Something mounted by the host; taken away, lazily if need be, when this object goes.
final class HostMount: Sendable {
  let path: String
  private let arguments: [String]

  /// Runs `mount` with these arguments and `path`.
  init(_ arguments: [String], on path: String) throws {
    self.path = path
    self.arguments = arguments
    try Self.run(["mount"] + arguments + [path])
  }

  deinit {
    if isThere { try? FileSystemMounting.unmount(path, .detach) }
  }

  private var isThere: Bool {
    (try? MountTable().top(at: path)) ?? nil != nil
  }

  /// Unmounts it as `umount` does, as soon as nobody uses it.
  func unmount() -> Bool {
    waitUntil(.seconds(60)) { (try? FileSystemMounting.unmount(path, .ifIdle)) != nil }
  }

  /// Mounts the same once more, after `unmount`.
  func mountAgain() throws {
    try Self.run(["mount"] + arguments + [path])
  }

  static func run(_ arguments: [String]) throws {
    let directory = try TemporaryDirectory("command")
    let process = try ChildProcess(arguments, outputPath: directory.path("log"))
    guard process.wait(for: .seconds(60)) == .exited(0) else {
      throw DaemonError(command: arguments.joined(separator: " "), output: process.output)
    }
  }
}

extension FuseClient {
  /// What reading a file gives.
  func contents(_ node: NodeID) throws(FrontEndError) -> String {
    let handle = try open(node).handle
    let bytes = try read(node, handle: handle, byteCount: 100)
    try release(node, handle: handle)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// An ext4 file system in a file of this name, not mounted anywhere yet.
///
/// - Returns: The file's path.
func makeImage(_ name: String, in directory: TemporaryDirectory) throws -> String {
  let image = directory.path(name)
  try hostWrite(image, "")
  try hostTruncate(image, 16 << 20)
  try HostMount.run(["mkfs.ext4", "-q", "-F", "-N", "64", image])
  return image
}
