internal import FuseServer
internal import Linux

/// A share as one thread sees it.
///
/// The operations are in extensions, a file for each family. All of them reach host files through
/// descriptors: a name is resolved in one directory, once, and never followed if it is a link.
package final class Passthrough {
  let share: Share
  /// What the share has, one step nearer: no reference need be counted on the way.
  let nodes: NodeTable
  let files: OpenFileTable
  let mounts: Mounts
  private let limbo: Limbo
  /// Whether the thread may do what takes long; else that is postponed.
  package let mayWait: Bool
  let credentials: CallerCredentials
  /// Where READDIR and READDIRPLUS read the host's records.
  var directoryBuffer = DirectoryBuffer(byteCount: 65536)
  /// What they read of the directory that is being listed, if its names do not change.
  var directoryListing = DirectoryListing()
  /// What this thread knows of directories whose names do not change.
  package internal(set) var steadyNames: SteadyNames
  /// Which files this thread knows to have no capability.
  var absentCapabilities: AbsentCapabilities
  /// Where LISTXATTR reads the host's names.
  var attributeNames = AttributeNameBuffer()
  private let presence: Limbo.View

  /// A view for the calling thread.
  init(share: Share, mayWait: Bool) throws(Errno) {
    self.share = share
    absentCapabilities = AbsentCapabilities(
      validSeconds: share.configuration.cache.validSeconds)
    steadyNames = SteadyNames(quietTime: share.quietTime)
    self.mayWait = mayWait
    nodes = share.nodes
    files = share.files
    mounts = share.nodes.mounts
    limbo = share.limbo
    credentials = try CallerCredentials()
    presence = limbo.register()
  }

  deinit {
    limbo.unregister(presence)
  }

  var configuration: Configuration { share.configuration }
  var cache: CachePolicy { share.configuration.cache }

  /// Throws `EROFS` if nothing may be changed.
  @inline(__always)
  func checkWritable() throws(Errno) {
    guard !share.configuration.isReadOnly else { throw .readOnly }
  }
}

extension Passthrough: FileSystem {
  /// Calls `body`, which may take long, with the files of `handles` pinned and nothing else
  /// borrowed, so that what others release need not wait for its end.
  func detached<R>(
    from handles: [UInt64], _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    for handle in handles { share.files.pin(handle) }
    goIdle()
    defer {
      wake()
      for handle in handles { share.files.unpin(handle) }
    }
    return try body()
  }

  package func quiesce() {
    limbo.quiesce(presence)
  }

  package func goIdle() {
    limbo.goIdle(presence)
  }

  package func wake() {
    limbo.wake(presence)
  }
}
