import FuseProtocol
import Linux
import Passthrough
import TestSupport

/// A node table over a directory of its own, and the view of the thread that makes it.
final class NodeFixture: Sendable {
  let directory: TemporaryDirectory
  let descriptors: DescriptorBudget
  let limbo: Limbo
  let nodes: NodeTable
  private let view: Limbo.View

  init(
    _ mode: FileHandleMode, on parent: String? = nil, maximumCount: Int = 100_000,
    descriptorLimit: Int = 4096, pinLimit: Int = 0, watchLimit: Int = 1000
  ) throws {
    directory = try TemporaryDirectory("nodes", in: parent)
    descriptors = DescriptorBudget(limit: descriptorLimit)
    limbo = Limbo(descriptors: descriptors)
    nodes = try NodeTable(
      root: try openDirectory(directory.path), links: try DescriptorLinks(), mode: mode,
      limbo: limbo, maximumCount: maximumCount, pinLimit: pinLimit, watchLimit: watchLimit)
    view = limbo.register()
  }

  deinit {
    limbo.unregister(view)
  }

  func path(_ name: String) -> String { directory.path(name) }

  func lookup(_ name: String, in parent: NodeID = .root) throws(Errno) -> (NodeID, FileStatus) {
    try withPathName(name) { (path) throws(Errno) in try nodes.lookup(path, in: parent) }
  }

  func node(_ name: String, in parent: NodeID = .root) throws(Errno) -> NodeID {
    try lookup(name, in: parent).0
  }

  /// The status of the node's file now.
  func status(_ node: NodeID) throws(Errno) -> FileStatus {
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in try file.status() }
  }

  /// What reading the node's file gives.
  func contents(_ node: NodeID) throws -> String {
    let file = try nodes.openFile(node, flags: .readOnly)
    return try hostReadText("/proc/self/fd/\(file.borrowed.rawValue)")
  }

  /// The thread has put everything down.
  func quiesce() {
    limbo.quiesce(view)
  }

  /// Runs `body` while the thread that made the fixture is idle.
  func whileIdle(_ body: () throws -> Void) rethrows {
    limbo.goIdle(view)
    defer { limbo.wake(view) }
    try body()
  }

  /// The process's open descriptors of files in the directory, and of the directory.
  func openDescriptors() throws -> [String] {
    try openDescriptorsOfThisProcess().filter { $0.contains(directory.path) }
  }
}

/// Whether temporary directories are on a file system with file handles.
let hasHandles = (try? NodeFixture(.mandatory)) != nil

/// A directory as a share's root is opened.
func openDirectory(_ path: String) throws(Errno) -> OwnedDescriptor {
  try withPathName(path) { (path) throws(Errno) in
    try Descriptor.currentDirectory.open(path, [.path, .directory])
  }
}

/// Calls `body` with `name` as a path name.
func withPathName<R: ~Copyable>(
  _ name: String, _ body: (borrowing PathName) throws(Errno) -> R
) throws(Errno) -> R {
  let bytes = Array(name.utf8) + [0]
  // SAFETY: bytes have no padding.
  let path = try unsafe PathName(bytes.span.bytes)
  return try body(path)
}

/// The two places where tests make their files: a file system that keeps inode numbers in a table
/// and uses them again at once, and one that counts them.
let fileSystems: [String?] = [nil, "/dev/shm"]
