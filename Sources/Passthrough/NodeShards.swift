internal import Linux

/// The nodes by file: by identity and by handle, each in 16 parts that are locked separately.
///
/// A file keeps its handle, but not always its identity (on overlayfs the first write may give it
/// another number), so where its handle is looked for must not depend on that. Who needs both locks
/// takes that of the handle first.
///
/// A node is published and removed under the locks of all indices that it is in. Its lookups are
/// added to under any of them, its pin is changed under that of its identity.
struct NodeShards: ~Copyable, Sendable {
  private let identities: [16 of Lock<NodeIndex>] = [16 of Lock<NodeIndex>] { _ in
    Lock(NodeIndex())
  }
  private let handles: [16 of Lock<NodeIndex>] = [16 of Lock<NodeIndex>] { _ in
    Lock(NodeIndex())
  }

  /// Calls `body` with the nodes by identity, of identities with this hash, under the lock.
  ///
  /// Every node that its identity may lead to is there: at most one for an identity.
  @inline(__always)
  func withIdentities<R>(_ hash: UInt64, _ body: (inout NodeIndex) -> R) -> R {
    // The top bits: the lower half is the position within the index.
    identities[Int(hash >> 60)].withLock { body(&$0) }
  }

  /// Calls `body` with the nodes by handle, of handles with this hash, under the lock.
  @inline(__always)
  func withHandles<R>(_ hash: UInt64, _ body: (inout NodeIndex) -> R) -> R {
    handles[Int(hash >> 60)].withLock { body(&$0) }
  }

  /// Calls `body` with the nodes by identity and, for what has a handle, by handle, under the locks
  /// of both.
  func withBoth<R>(
    _ hash: UInt64, _ handleHash: UInt64?,
    _ body: (_ byIdentity: inout NodeIndex, _ byHandle: inout NodeIndex) -> R
  ) -> R {
    guard let handleHash else {
      var none = NodeIndex()
      return withIdentities(hash) { body(&$0, &none) }
    }
    return withHandles(handleHash) { byHandle in
      withIdentities(hash) { byIdentity in body(&byIdentity, &byHandle) }
    }
  }
}
