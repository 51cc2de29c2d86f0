internal import Synchronization

/// The nodes by file, in 64 parts that are locked separately.
struct NodeShards: ~Copyable, Sendable {
  private let shards: [64 of Mutex<NodeShard>] = [64 of Mutex<NodeShard>] { _ in
    Mutex(NodeShard())
  }

  /// Calls `body` with the shard of the files whose identity has this hash, under its lock.
  @inline(__always)
  func withShard<R: Sendable>(_ hash: UInt64, _ body: (inout NodeShard) -> R) -> R {
    // The top bits: the lower half is the position within the shard.
    shards[Int(hash >> 58)].withLock { body(&$0) }
  }
}

/// Both indices of the files of one shard.
struct NodeShard {
  /// Every node that its identity may lead to: at most one for an identity.
  var byIdentity = NodeIndex()
  /// Every node with a handle.
  var byHandle = NodeIndex()
}
