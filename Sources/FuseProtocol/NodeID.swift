/// `nodeid`: what client and server name an object by for as long as the client remembers it.
package struct NodeID: RawRepresentable, Hashable, WireValue {
  /// The number of the wire.
  package var rawValue: UInt64

  /// The node with this number.
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `FUSE_ROOT_ID`: the directory that is shared; known without a lookup, never forgotten.
  package static let root = NodeID(rawValue: 1)
}
