/// A file system in memory, of a size that a runaway test cannot exceed.
///
/// Unmounted when this object goes. Mounting needs root.
package final class TemporaryFileSystem: Sendable {
  private let directory: TemporaryDirectory

  /// Mounts one of at most `byteCount` bytes.
  package init(byteCount: Int) throws {
    directory = try TemporaryDirectory("mount")
    try hostMakeDirectory(directory.path("fs"))
    try run([
      "mount", "-t", "tmpfs", "-o", "size=\(byteCount)", "tmpfs", directory.path("fs"),
    ])
  }

  deinit {
    try? run(["umount", "--lazy", directory.path("fs")])
  }

  /// Where it is mounted.
  package var path: String { directory.path("fs") }

  private func run(_ arguments: [String]) throws {
    let process = try ChildProcess(arguments, outputPath: directory.path("log"))
    guard process.wait(for: .seconds(10)) == .exited(0) else {
      throw DaemonError(command: arguments.joined(separator: " "), output: process.output)
    }
  }
}
