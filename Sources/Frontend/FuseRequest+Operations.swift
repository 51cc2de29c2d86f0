package import FuseProtocol

/// One function an operation: the request with the room that Linux gives its reply.
extension FuseRequest {
  private static let entry = MemoryLayout<EntryOut>.size

  /// INIT, with room for all of the reply.
  package static func initialize(_ arguments: InitIn) -> FuseRequest {
    FuseRequest(.`init`, NodeID(rawValue: 0), reply: MemoryLayout<InitOut>.size).with(arguments)
  }

  /// INIT of 16 bytes, as before FUSE 7.36.
  package static func initialize(_ arguments: InitInCompat) -> FuseRequest {
    FuseRequest(.`init`, NodeID(rawValue: 0), reply: MemoryLayout<InitOut>.size).with(arguments)
  }

  /// DESTROY.
  package static func destroy() -> FuseRequest {
    FuseRequest(.destroy, NodeID(rawValue: 0))
  }

  // MARK: Names

  package static func lookup(_ name: NameBytes, in parent: NodeID = .root) -> FuseRequest {
    FuseRequest(.lookup, parent, reply: entry).with(name)
  }

  package static func forget(_ node: NodeID, lookups: UInt64) -> FuseRequest {
    FuseRequest(.forget, node, reply: nil).with(ForgetIn(lookups: lookups))
  }

  /// BATCH_FORGET, which gets no reply.
  package static func batchForget(_ nodes: [ForgetOne]) -> FuseRequest {
    var request = FuseRequest(.batchForget, NodeID(rawValue: 0), reply: nil)
      .with(BatchForgetIn(count: UInt32(nodes.count)))
    for node in nodes { request.arguments.append(wire: node) }
    return request
  }

  package static func mknod(
    _ arguments: MknodIn, _ name: NameBytes, in parent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.mknod, parent, reply: entry).with(arguments).with(name)
  }

  package static func mkdir(
    _ arguments: MkdirIn, _ name: NameBytes, in parent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.mkdir, parent, reply: entry).with(arguments).with(name)
  }

  package static func symlink(
    _ name: NameBytes, target: NameBytes, in parent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.symlink, parent, reply: entry).with(name).with(target)
  }

  package static func link(
    _ node: NodeID, as name: NameBytes, in parent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.link, parent, reply: entry).with(LinkIn(node: node)).with(name)
  }

  package static func unlink(_ name: NameBytes, in parent: NodeID = .root) -> FuseRequest {
    FuseRequest(.unlink, parent).with(name)
  }

  package static func rmdir(_ name: NameBytes, in parent: NodeID = .root) -> FuseRequest {
    FuseRequest(.rmdir, parent).with(name)
  }

  package static func rename(
    _ name: NameBytes, in parent: NodeID = .root, to newName: NameBytes,
    under newParent: NodeID = .root
  ) -> FuseRequest {
    FuseRequest(.rename, parent).with(RenameIn(newParent: newParent)).with(name).with(newName)
  }

  /// RENAME2, with the flags of `renameat2`.
  package static func rename2(
    _ name: NameBytes, in parent: NodeID = .root, to newName: NameBytes,
    under newParent: NodeID = .root, flags: UInt32
  ) -> FuseRequest {
    FuseRequest(.rename2, parent).with(Rename2In(newParent: newParent, flags: flags))
      .with(name).with(newName)
  }

  package static func readlink(_ node: NodeID) -> FuseRequest {
    FuseRequest(.readlink, node, reply: 4095)
  }

  // MARK: Attributes

  package static func getattr(
    _ node: NodeID, _ arguments: GetattrIn = GetattrIn()
  ) -> FuseRequest {
    FuseRequest(.getattr, node, reply: MemoryLayout<AttrOut>.size).with(arguments)
  }

  package static func setattr(_ node: NodeID, _ arguments: SetattrIn) -> FuseRequest {
    FuseRequest(.setattr, node, reply: MemoryLayout<AttrOut>.size).with(arguments)
  }

  package static func access(_ node: NodeID, mask: UInt32) -> FuseRequest {
    FuseRequest(.access, node).with(AccessIn(mask: mask))
  }

  package static func statfs(_ node: NodeID = .root) -> FuseRequest {
    FuseRequest(.statfs, node, reply: MemoryLayout<KStatfs>.size)
  }

  // MARK: Extended attributes

  /// SETXATTR with the structure of SETXATTR_EXT, or the shorter one.
  package static func setxattr(
    _ node: NodeID, _ name: NameBytes, _ value: [UInt8], flags: UInt32 = 0,
    isExtended: Bool = true
  ) -> FuseRequest {
    let request = FuseRequest(.setxattr, node)
    let count = UInt32(value.count)
    let begun =
      isExtended
      ? request.with(SetxattrIn(byteCount: count, flags: flags))
      : request.with(SetxattrInCompat(byteCount: count, flags: flags))
    return begun.with(name).with(bytes: value)
  }

  package static func getxattr(
    _ node: NodeID, _ name: NameBytes, byteCount: UInt32
  ) -> FuseRequest {
    FuseRequest(.getxattr, node, reply: max(8, Int(byteCount)))
      .with(GetxattrIn(byteCount: byteCount)).with(name)
  }

  package static func listxattr(_ node: NodeID, byteCount: UInt32) -> FuseRequest {
    FuseRequest(.listxattr, node, reply: max(8, Int(byteCount)))
      .with(GetxattrIn(byteCount: byteCount))
  }

  package static func removexattr(_ node: NodeID, _ name: NameBytes) -> FuseRequest {
    FuseRequest(.removexattr, node).with(name)
  }

  package static func syncfs(_ node: NodeID = .root) -> FuseRequest {
    FuseRequest(.syncfs, node).with(SyncfsIn())
  }

  /// INTERRUPT of the request `unique`, which gets no reply.
  package static func interrupt(_ unique: UInt64) -> FuseRequest {
    FuseRequest(.interrupt, NodeID(rawValue: 0), reply: nil).with(InterruptIn(unique: unique))
  }
}
