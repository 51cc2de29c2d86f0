package import FuseProtocol
package import Linux

/// The host's files that the guest knows.
package final class NodeTable: Sendable {
  package let links: DescriptorLinks

  /// A table that knows `root` only.
  package init(
    root: consuming OwnedDescriptor, links: consuming DescriptorLinks, mode: FileHandleMode,
    limbo: Limbo, maximumCount: Int
  ) throws(Errno) {
    self.links = links
    throw .notImplemented
  }

  package func lookup(
    _ name: borrowing PathName, in parent: NodeID
  ) throws(Errno) -> (NodeID, FileStatus) {
    throw .notImplemented
  }

  package func claim(_ opened: borrowing OwnedDescriptor) throws(Errno) -> (NodeID, FileStatus) {
    throw .notImplemented
  }

  package func withDescriptor<R>(
    of node: NodeID, _ body: (Descriptor) throws(Errno) -> R
  ) throws(Errno) -> R {
    throw .notImplemented
  }

  package func openFile(_ node: NodeID, flags: OpenFlags) throws(Errno) -> OwnedDescriptor {
    throw .notImplemented
  }

  package func forget(_ node: NodeID, lookups: UInt64) {}

  package func forgetAll() {}

  package var count: Int { 0 }

  /// The type's bits of the mode (`S_IFREG` ...) of the node's file.
  package func fileType(of node: NodeID) throws(Errno) -> UInt32 {
    throw .notImplemented
  }
}
