import Frontend
import TestSupport

/// A daemon on a share of its own choice, with a guest attached and a session begun.
final class SharingGuest {
  let daemon: DaemonProcess
  private let device: GuestDevice
  let client: FuseClient

  /// - Parameter pinLimit: The daemon's own if nil.
  init(
    _ mode: String, on share: String, pinLimit: Int? = 3, sandbox: String = "none",
    options: String? = nil
  ) throws {
    var command = DaemonCommand.swift(
      sandbox: sandbox, "--inode-file-handles=\(mode)", "--log-level=warn")
    command.arguments = command.arguments.map { $0.replacing("{share}", with: share) }
    if let options { command.arguments.append(options) }
    if let pinLimit { command.arguments.append("--pin-limit=\(pinLimit)") }
    daemon = try DaemonProcess(command)
    device = try GuestDevice(path: daemon.socket)
    client = FuseClient(device)
    _ = try client.initialize()
  }

  /// How many descriptors more the daemon holds after the guest has looked up `names` in the root.
  func descriptorsHeld(forLookupsOf names: [String]) throws -> Int {
    let before = try openDescriptors(of: daemon.process.id).count
    for name in names { _ = try client.lookup(NameBytes(name)) }
    return try openDescriptors(of: daemon.process.id).count - before
  }
}
