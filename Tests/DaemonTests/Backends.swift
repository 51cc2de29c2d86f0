import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// The back-ends that a test runs against.
///
/// Suites that hold for any back-end run against QEMU's in C too: what passes there and fails with
/// ours is our mistake, what fails with both is the test's. Without that program
/// (qemu-system-common) those tests fail; `WITHOUT_C_VIRTIOFSD=1` leaves them out.
enum Backend: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case swift
  case c

  var testDescription: String { rawValue }

  /// All that the environment allows.
  static var all: [Backend] {
    environmentVariable("WITHOUT_C_VIRTIOFSD") == "1" ? [.swift] : [.swift, .c]
  }

  /// The command line, with `more` options that only ours knows.
  func command(_ more: [String] = []) -> DaemonCommand {
    switch self {
    case .swift:
      var command = DaemonCommand.swift("--xattr", "--log-level=warn")
      command.arguments += more
      return command
    case .c: return .c
    }
  }
}

/// A back-end with a guest attached and a session begun.
final class Guest {
  let daemon: DaemonProcess
  let device: GuestDevice
  let client: FuseClient

  /// Starts the back-end on a fresh share, attaches, and sends INIT.
  init(
    _ backend: Backend, options: DeviceOptions = DeviceOptions(), more: [String] = [],
    parent: String? = nil, prepare: (String) throws -> Void = { _ in }
  ) throws {
    daemon = try DaemonProcess(backend.command(more), parent: parent, prepare: prepare)
    device = try GuestDevice(path: daemon.socket, options: options)
    client = FuseClient(device)
    _ = try client.initialize()
  }

  /// Attaches to a back-end that runs already.
  init(_ daemon: DaemonProcess, options: DeviceOptions = DeviceOptions()) throws {
    self.daemon = daemon
    device = try GuestDevice(path: daemon.socket, options: options)
    client = FuseClient(device)
    _ = try client.initialize()
  }

  func share(_ name: String = "") -> String { daemon.share(name) }

  /// A buffer in the guest's memory.
  func buffer(_ byteCount: Int) throws -> GuestBuffer {
    try client.queue.arena.allocate(byteCount)
  }
}
