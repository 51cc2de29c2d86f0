package import FuseProtocol
package import Linux

extension Attr {
  /// The attributes of a host file as the guest sees them.
  ///
  /// The inode number is the host's: it is what programs in the guest compare with those that they
  /// find in directories.
  package init(_ status: FileStatus) {
    self.init(
      ino: status.inode, size: status.size, blocks: status.blocks,
      atime: UInt64(bitPattern: status.accessTime.seconds),
      mtime: UInt64(bitPattern: status.modificationTime.seconds),
      ctime: UInt64(bitPattern: status.changeTime.seconds),
      atimeNanoseconds: status.accessTime.nanoseconds,
      mtimeNanoseconds: status.modificationTime.nanoseconds,
      ctimeNanoseconds: status.changeTime.nanoseconds,
      mode: status.mode, linkCount: status.linkCount, uid: status.uid, gid: status.gid,
      device: status.specialDevice.encoded,
      blockSize: status.blockByteCount.nonzeroBitCount == 1 ? status.blockByteCount : 0)
  }
}

extension CachePolicy {
  /// The reply that introduces `node`, which has just been looked up.
  func entry(_ node: NodeID, _ status: FileStatus) -> EntryOut {
    EntryOut(
      node: node, entryValidSeconds: validSeconds, attrValidSeconds: validSeconds,
      attr: Attr(status))
  }

  /// The reply with a file's attributes.
  func attributes(_ status: FileStatus) -> AttrOut {
    AttrOut(validSeconds: validSeconds, attr: Attr(status))
  }
}
