import Linux
import TestSupport

/// File systems that a share may lie on, each with its own ideas of inode numbers and handles.
enum HostFileSystem: String, CaseIterable, Sendable {
  case ext4
  case xfs
  /// The root of a btrfs, and two subvolumes in it, whose files have the same inode numbers.
  case btrfs
  case tmpfs
  /// Has no file handles.
  case overlay
  /// With `index=on,nfs_export=on`, which give it handles.
  case exportedOverlay
  /// Another directory, mounted a second time.
  case bind
  /// bindfs: a FUSE file system, whose handles mean no file.
  case fuse

  /// Whether files can be known by handle there.
  var hasHandles: Bool {
    switch self {
    case .ext4, .xfs, .btrfs, .tmpfs, .exportedOverlay, .bind: true
    case .overlay, .fuse: false
    }
  }

  /// The option without which files there cannot be known by handle only.
  func rights(_ mode: String) -> String? {
    self == .exportedOverlay && mode == "mandatory" ? "--modcaps=+sys_admin" : nil
  }

  /// Whether the number of a file that is gone is given to the next one at once.
  var reusesNumbers: Bool { self == .ext4 }
}

/// A file system of one kind, mounted for one test; everything goes with this object.
final class MountedFileSystem: Sendable {
  private let directory: TemporaryDirectory

  init(_ kind: HostFileSystem) throws {
    directory = try TemporaryDirectory("fs")
    try hostMakeDirectory(path)
    for name in ["lower", "upper", "work"] { try hostMakeDirectory(directory.path(name)) }
    let lower = directory.path("lower")
    let layers =
      "lowerdir=\(lower),upperdir=\(directory.path("upper")),workdir=\(directory.path("work"))"
    switch kind {
    case .ext4: try mountImage(["mkfs.ext4", "-q", "-F", "-N", "512"], megabytes: 64)
    case .xfs: try mountImage(["mkfs.xfs", "-q", "-f"], megabytes: 320)
    case .btrfs:
      try mountImage(["mkfs.btrfs", "-q", "-f"], megabytes: 256)
      for name in ["one", "two"] { try run(["btrfs", "subvolume", "create", "\(path)/\(name)"]) }
    case .tmpfs: try run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", path])
    case .overlay: try run(["mount", "-t", "overlay", "-o", layers, "overlay", path])
    case .exportedOverlay:
      try run([
        "mount", "-t", "overlay", "-o", "\(layers),index=on,nfs_export=on", "overlay", path,
      ])
    case .bind: try run(["mount", "--bind", lower, path])
    case .fuse: try run(["bindfs", "-o", "attr_timeout=0,entry_timeout=0", lower, path])
    }
  }

  deinit {
    try? run(["umount", "--lazy", path])
  }

  /// Where it is mounted.
  var path: String { directory.path("mnt") }

  /// The lower layer of an overlay, what a bind mount or a FUSE file system shows.
  var lower: String { directory.path("lower") }

  private func mountImage(_ command: [String], megabytes: Int) throws {
    let image = directory.path("image")
    try hostWrite(image, "")
    try hostTruncate(image, megabytes << 20)
    try run(command + [image])
    try run(["mount", "-o", "loop", image, path])
  }

  private func run(_ arguments: [String]) throws {
    let process = try ChildProcess(arguments, outputPath: directory.path("log"))
    guard process.wait(for: .seconds(60)) == .exited(0) else {
      throw DaemonError(command: arguments.joined(separator: " "), output: process.output)
    }
  }
}
