package import FuseProtocol
package import Linux

extension Passthrough {
  package func statfs(_ node: NodeID) throws(Errno) -> KStatfs {
    let status = try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try file.fileSystemStatus()
    }
    return KStatfs(
      blocks: status.blocks, freeBlocks: status.freeBlocks,
      availableBlocks: status.availableBlocks, files: status.files,
      freeFiles: status.freeFiles, blockSize: UInt32(clamping: status.transferSize),
      maximumNameByteCount: UInt32(clamping: status.nameLength),
      fragmentSize: UInt32(clamping: status.blockSize))
  }

  /// The guest asks once for each file system that it has mounted, with its root.
  package func syncfs(_ node: NodeID) throws(Errno) {
    let type = try nodes.fileType(of: node)
    guard type == FileType.directory || type == FileType.regular else { throw .invalidArgument }
    // The call refuses what was opened with O_PATH.
    let file = try nodes.openFile(node, flags: [.readOnly, .nonBlocking])
    try detached(from: []) { () throws(Errno) in try file.borrowed.synchronizeFileSystem() }
  }

  /// Whether the caller may do what `mask` says, by owner, group and others.
  ///
  /// Linux guests check that themselves and never ask. The caller's supplementary groups are not in
  /// the request, so that what only those allow is refused here.
  package func access(
    _ node: NodeID, _ arguments: AccessIn, uid: UInt32, gid: UInt32
  ) throws(Errno) {
    let wanted = arguments.mask
    guard wanted & ~7 == 0 else { throw .invalidArgument }
    let status = try status(of: node)
    let mayWrite = status.isRegular || status.isDirectory || status.isSymbolicLink
    if wanted & 2 != 0 && mayWrite { try checkWritable() }
    let granted: UInt32
    if uid == 0 {
      let isExecutable = status.isDirectory || status.mode & 0o111 != 0
      granted = isExecutable ? 7 : 6
    } else if uid == status.uid {
      granted = status.mode >> 6 & 7
    } else if gid == status.gid {
      granted = status.mode >> 3 & 7
    } else {
      granted = status.mode & 7
    }
    guard wanted & ~granted == 0 else { throw .accessDenied }
  }
}
