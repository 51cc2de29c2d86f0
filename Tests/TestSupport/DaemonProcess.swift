internal import Linux

/// Which back-end a test runs, and how its command line looks.
///
/// In `arguments`, `{socket}` and `{share}` stand for the paths.
package struct DaemonCommand: Sendable {
  package var name: String
  package var arguments: [String]

  /// A back-end with this command line.
  package init(name: String, arguments: [String]) {
    self.name = name
    self.arguments = arguments
  }

  /// Our daemon, as it was built with the tests, without confinement unless `sandbox` says so.
  package static func swift(sandbox: String = "none", _ more: String...) -> DaemonCommand {
    DaemonCommand(
      name: "swift-virtiofsd",
      arguments: [
        builtProduct("swift-virtiofsd"), "--socket-path={socket}", "--shared-dir={share}",
        "--sandbox=\(sandbox)",
      ] + more)
  }

  /// QEMU 7.2's back-end in C (Debian's package qemu-system-common): one request queue.
  package static let c = DaemonCommand(
    name: "C virtiofsd",
    arguments: [
      "/usr/lib/qemu/virtiofsd", "--socket-path={socket}", "-o", "source={share}",
      "-o", "sandbox=chroot", "-o", "cache=auto", "-o", "xattr",
    ])

  /// The command line for a socket and a share.
  package func commandLine(socket: String, share: String) -> [String] {
    arguments.map { $0.replacing("{socket}", with: socket).replacing("{share}", with: share) }
  }
}

/// A back-end that runs for one test, with a directory of its own for the share, the socket and
/// the log.
package final class DaemonProcess: Sendable {
  /// The test's directory: `share`, `socket`, `log`.
  package let directory: TemporaryDirectory
  /// The process.
  package let process: ChildProcess

  /// Starts `command` and waits until its socket takes connections.
  ///
  /// `prepare` is called with the share's path before.
  /// The directory lies in `parent`, or where temporary directories do.
  package init(
    _ command: DaemonCommand, parent: String? = nil,
    prepare: (String) throws -> Void = { _ in }
  ) throws {
    directory = try TemporaryDirectory("daemon", in: parent)
    let share = directory.path("share")
    try hostMakeDirectory(share)
    try prepare(share)
    process = try Self.start(command, in: directory)
  }

  /// Starts `command` in the directory of an earlier daemon.
  package init(_ command: DaemonCommand, in directory: TemporaryDirectory) throws {
    self.directory = directory
    process = try Self.start(command, in: directory)
  }

  /// The share's path, or that of something in it.
  package func share(_ name: String = "") -> String {
    directory.path(name.isEmpty ? "share" : "share/\(name)")
  }

  /// The socket's path.
  package var socket: String { directory.path("socket") }

  private static func start(
    _ command: DaemonCommand, in directory: TemporaryDirectory
  ) throws -> ChildProcess {
    let socket = directory.path("socket")
    let process = try ChildProcess(
      command.commandLine(socket: socket, share: directory.path("share")),
      outputPath: directory.path("log"))
    _ = waitUntil {
      guard process.isRunning else { return true }
      return isListening(socket)
    }
    guard process.isRunning, isListening(socket) else {
      throw DaemonError(command: command.name, output: process.output)
    }
    return process
  }
}

/// A program that a test needs did not do its part.
package struct DaemonError: Error, CustomStringConvertible {
  package var command: String
  package var output: String

  /// A failure of `command`, which wrote `output`.
  package init(command: String, output: String) {
    self.command = command
    self.output = output
  }

  package var description: String {
    "\(command) failed; it said: \(output)"
  }
}

/// Whether a socket at `path` listens, without connecting to it: a back-end takes one connection.
private func isListening(_ path: String) -> Bool {
  guard let text = try? hostReadText("/proc/net/unix") else { return false }
  // Num RefCount Protocol Flags Type St Inode Path; flag 00010000 is __SO_ACCEPTCON.
  return text.split(separator: "\n").contains { line in
    let fields = line.split(separator: " ")
    return fields.count == 8 && fields[7] == path && fields[3] == "00010000"
  }
}
