internal import Linux

/// An overlay with a lower layer that was there before.
///
/// Unmounted when this object goes. Mounting needs root.
package final class OverlayFileSystem: Sendable {
  private let upperFileSystem: TemporaryFileSystem
  private let lowerFileSystem: TemporaryFileSystem
  private let directory: TemporaryDirectory

  /// Mounts one whose lower layer `prepare` fills.
  ///
  /// - Parameters:
  ///   - options: More options of the mount.
  ///   - isSplit: Whether the layers are on different file systems, so that the first write to a
  ///     file gives it another number and device.
  package init(
    _ options: String, isSplit: Bool = false, _ prepare: (String) throws -> Void
  ) throws {
    directory = try TemporaryDirectory("overlay")
    upperFileSystem = try TemporaryFileSystem(byteCount: 16 << 20)
    lowerFileSystem = isSplit ? try TemporaryFileSystem(byteCount: 16 << 20) : upperFileSystem
    let (upper, lower) = (upperFileSystem.path, lowerFileSystem.path)
    for path in ["\(lower)/lower", "\(upper)/upper", "\(upper)/work", directory.path("mnt")] {
      try hostMakeDirectory(path)
    }
    try prepare("\(lower)/lower")
    try run([
      "mount", "-t", "overlay", "-o",
      "lowerdir=\(lower)/lower,upperdir=\(upper)/upper,workdir=\(upper)/work,\(options)",
      "overlay", path,
    ])
  }

  deinit {
    try? run(["umount", "--lazy", path])
  }

  /// Where it is mounted.
  package var path: String { directory.path("mnt") }

  /// Takes from the kernel's cache what nobody uses of it: mounting again does.
  package func dropCache() throws { try run(["mount", "-o", "remount", path]) }

  /// `chattr` of `file`.
  package func change(_ attributes: String, _ file: String) throws {
    try run(["chattr", attributes, file])
  }

  private func run(_ arguments: [String]) throws {
    let process = try ChildProcess(arguments, outputPath: directory.path("log"))
    guard process.wait(for: .seconds(10)) == .exited(0) else {
      throw DaemonError(command: arguments.joined(separator: " "), output: process.output)
    }
  }
}
