package import FuseProtocol

/// Operations on names.
extension FuseClient {
  /// LOOKUP.
  package func lookup(
    _ name: NameBytes, in parent: NodeID = .root
  ) throws(FrontEndError) -> EntryOut {
    try call(.lookup(name, in: parent)).structure()
  }

  /// LOOKUP of each name of a path, from the root; the directories on the way stay looked up.
  package func walk(_ path: String) throws(FrontEndError) -> EntryOut {
    var entry = EntryOut(node: .root)
    for name in path.split(separator: "/") {
      entry = try lookup(NameBytes(String(name)), in: entry.node)
    }
    return entry
  }

  /// MKNOD.
  package func mknod(
    _ name: NameBytes, mode: UInt32, device: UInt32 = 0, umask: UInt32 = 0,
    in parent: NodeID = .root
  ) throws(FrontEndError) -> EntryOut {
    let arguments = MknodIn(mode: mode, device: device, umask: umask)
    return try call(.mknod(arguments, name, in: parent)).structure()
  }

  /// MKDIR.
  package func mkdir(
    _ name: NameBytes, mode: UInt32 = 0o755, umask: UInt32 = 0, in parent: NodeID = .root
  ) throws(FrontEndError) -> EntryOut {
    try call(.mkdir(MkdirIn(mode: mode, umask: umask), name, in: parent)).structure()
  }

  /// SYMLINK.
  package func symlink(
    _ name: NameBytes, target: NameBytes, in parent: NodeID = .root
  ) throws(FrontEndError) -> EntryOut {
    try call(.symlink(name, target: target, in: parent)).structure()
  }

  /// READLINK.
  package func readlink(_ node: NodeID) throws(FrontEndError) -> [UInt8] {
    try call(.readlink(node)).body
  }

  /// LINK.
  package func link(
    _ node: NodeID, as name: NameBytes, in parent: NodeID = .root
  ) throws(FrontEndError) -> EntryOut {
    try call(.link(node, as: name, in: parent)).structure()
  }

  /// UNLINK.
  package func unlink(_ name: NameBytes, in parent: NodeID = .root) throws(FrontEndError) {
    try emptyCall(.unlink(name, in: parent))
  }

  /// RMDIR.
  package func rmdir(_ name: NameBytes, in parent: NodeID = .root) throws(FrontEndError) {
    try emptyCall(.rmdir(name, in: parent))
  }

  /// RENAME, or RENAME2 if there are flags.
  package func rename(
    _ name: NameBytes, in parent: NodeID = .root, to newName: NameBytes,
    under newParent: NodeID = .root, flags: UInt32 = 0
  ) throws(FrontEndError) {
    try emptyCall(
      flags == 0
        ? .rename(name, in: parent, to: newName, under: newParent)
        : .rename2(name, in: parent, to: newName, under: newParent, flags: flags))
  }
}
