import Linux
import TestSupport

/// `virtiofsctl mount` on a directory of its own; gone with everything in it, mount too, when this
/// object goes.
///
/// It is given `--timeout 20`, so that nothing that a test does with the mount can hang for ever.
final class MountProcess: Sendable {
  let directory: TemporaryDirectory
  let tool: ChildProcess

  /// Starts it, and waits until the share is mounted or the tool has ended.
  init(
    socket: String, _ arguments: [String] = [], through wrapper: [String] = [],
    prepare: (String) throws -> Void = { _ in }
  ) throws {
    directory = try TemporaryDirectory("mountpoint")
    try hostMakeDirectory(directory.path("mnt"))
    try prepare(directory.path("mnt"))
    tool = try ChildProcess(
      wrapper + [
        builtProduct("virtiofsctl"), "mount", "--socket", socket, "--timeout", "20",
        directory.path("mnt"),
      ] + arguments, outputPath: directory.path("log"))
    let tool = tool
    _ = waitUntil(.seconds(30)) { tool.output.contains("\n") || !tool.isRunning }
  }

  deinit {
    // Its descriptors of /dev/fuse go with it, and with them whatever waits for the mount.
    tool.kill()
    _ = tool.wait(for: .seconds(20))
    while isMounted {
      guard (try? FileSystemMounting.unmount(mountPoint, .detach)) != nil else { return }
    }
  }

  /// Where the share is to be.
  var mountPoint: String { directory.path("mnt") }

  /// The path of something in the mount.
  func path(_ name: String) -> String { "\(mountPoint)/\(name)" }

  /// Whether something is mounted there.
  var isMounted: Bool { isMountPoint(mountPoint) }

  /// How it ended; nil if it still runs after 20 s.
  var end: ExitStatus? { tool.wait(for: .seconds(20)) }

  /// Unmounts it as `umount` does.
  ///
  /// A program that another test has just started may have our files open for a moment.
  func unmount() -> Bool {
    waitUntil { (try? FileSystemMounting.unmount(mountPoint, .ifIdle)) != nil }
  }
}

/// Whether the table of mounts has an entry for `path`.
func isMountPoint(_ path: String) -> Bool {
  guard let text = try? hostReadText("/proc/self/mountinfo") else { return true }
  return text.split(separator: "\n").contains { line in
    line.split(separator: " ").dropFirst(4).first.map(String.init) == path
  }
}

/// Whether a process runs the program `name` by now and sleeps so that a signal would wake it:
/// a program that reads a file of a mount does so when it waits for the mount.
func isAsleep(_ process: ChildProcess, as name: String) -> Bool {
  let text = (try? hostReadText("/proc/\(process.id)/stat")) ?? ""
  // For a page of a file it sleeps uninterruptibly.
  return text.contains(" (\(name)) S ") || text.contains(" (\(name)) D ")
}

/// Whether a process has a thread of that name.
func hasThread(_ process: ChildProcess, named name: String) -> Bool {
  let tasks = "/proc/\(process.id)/task"
  return ((try? hostNames(tasks)) ?? []).contains { task in
    (try? hostReadText("\(tasks)/\(task)/comm")) == "\(name)\n"
  }
}
