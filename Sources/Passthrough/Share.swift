internal import FuseServer
package import Linux
internal import Synchronization

/// A host directory that is shared: what the views of all threads have in common.
package final class Share: FileSystemProvider {
  let configuration: Configuration
  /// `SteadyNames.quietTime` of the views.
  let quietTime: Int64
  let limbo: Limbo
  let nodes: NodeTable
  let files: OpenFileTable
  let inodeNumbers: InodeNumbers
  /// The mount of the directory, as `FileStatus.mountID` has it.
  let rootMountID: UInt64
  /// Whether the guest makes mounts of its own of the directories that other mounts begin with.
  let announcesMounts = Atomic(false)
  /// How often the guest has given a file a capability.
  let capabilityChanges = Atomic<UInt64>(0)
  /// Whether the guest has left it to us to clear set-id bits.
  let killsSetID = Atomic(false)

  /// Shares `directory`.
  ///
  /// - Throws: `ENOTDIR`, or what the host's calls fail with; `EOPNOTSUPP` if file handles are
  ///   mandatory and the file system has none.
  package convenience init(
    configuration: Configuration, directory: consuming OwnedDescriptor,
    quietTime: Int64 = SteadyNames.longestTick
  ) throws(Errno) {
    try self.init(
      configuration: configuration, directory: directory, links: DescriptorLinks(),
      quietTime: quietTime)
  }

  /// Shares `directory`, where `/proc` is out of reach by now and `links` is what is left of it.
  package convenience init(
    configuration: Configuration, directory: consuming OwnedDescriptor,
    links: consuming DescriptorLinks, quietTime: Int64 = SteadyNames.longestTick
  ) throws(Errno) {
    let status = try directory.borrowed.status()
    guard status.isDirectory else { throw .notDirectory }
    let limbo = Limbo(descriptors: DescriptorBudget(limit: configuration.descriptorBudget))
    let nodes = try NodeTable(
      root: directory, links: links, mode: configuration.fileHandles,
      limbo: limbo, maximumCount: configuration.maximumNodeCount,
      pinLimit: configuration.pinLimit, watchLimit: configuration.watchLimit,
      unifiesMounts: configuration.unifiesMounts)
    self.init(configuration, status, nodes, quietTime)
  }

  /// Nothing fails here: the compiler (6.3.1) cannot undo half of such an object.
  private init(
    _ configuration: Configuration, _ status: FileStatus, _ nodes: NodeTable, _ quietTime: Int64
  ) {
    self.configuration = configuration
    self.quietTime = quietTime
    self.nodes = nodes
    limbo = nodes.limbo
    files = OpenFileTable(
      limbo: nodes.limbo, descriptors: nodes.limbo.descriptors,
      maximumCount: configuration.maximumOpenFileCount)
    inodeNumbers = InodeNumbers(root: status.device)
    rootMountID = status.mountID
    nodes.beginReleasingMounts()
  }

  deinit {
    nodes.endReleasingMounts()
  }

  /// The share as the calling thread sees it; only this thread may use the view.
  package func makeView(mayWait: Bool = true) throws(Errno) -> Passthrough {
    try Passthrough(share: self, mayWait: mayWait)
  }

  /// How many nodes the guest knows, the root included, and how many files it has open.
  package var counts: (nodes: Int, openFiles: Int) {
    (nodes.count, files.count)
  }

  /// Forgets what a guest has looked up and opened, because there is a new guest or none.
  package func endSession() {
    files.releaseAll()
    nodes.forgetAll()
    // Threads that sleep would close nothing before they wake.
    limbo.collect()
  }
}
