package import FuseProtocol
package import Linux
internal import Synchronization

extension Attr {
  /// The attributes of a host file as the guest sees them, with `inode` as its number.
  @inline(__always)
  package init(_ status: FileStatus, inode: UInt64, flags: AttrFlags = []) {
    self.init(
      ino: inode, size: status.size, blocks: status.blocks,
      atime: UInt64(bitPattern: status.accessTime.seconds),
      mtime: UInt64(bitPattern: status.modificationTime.seconds),
      ctime: UInt64(bitPattern: status.changeTime.seconds),
      atimeNanoseconds: status.accessTime.nanoseconds,
      mtimeNanoseconds: status.modificationTime.nanoseconds,
      ctimeNanoseconds: status.changeTime.nanoseconds,
      mode: status.mode, linkCount: status.linkCount, uid: status.uid, gid: status.gid,
      device: status.specialDevice.encoded,
      blockSize: status.blockByteCount.nonzeroBitCount == 1 ? status.blockByteCount : 0,
      flags: flags)
  }
}

/// The inode numbers that the guest sees.
///
/// On the share's own file system they are the host's. To the guest the share is one device: files
/// of other file systems that are mounted in it would share numbers with these, and programs would
/// take two files for one, so theirs get the device mixed into the upper bits.
struct InodeNumbers: Sendable {
  private let root: DeviceNumber

  init(root: DeviceNumber) {
    self.root = root
  }

  /// The number of the file `inode` on `device`.
  @inline(__always)
  func number(_ inode: UInt64, on device: DeviceNumber) -> UInt64 {
    guard device != root else { return inode }
    // Numbers that differ in few bits, as those of devices do, go to values far apart; the lowest
    // bit is set, so that no device is left as it was.
    let mixed = (device.word &* 0x9e37_79b9_7f4a_7c15) >> 48 | 1
    return inode ^ mixed << 48
  }
}

extension Passthrough {
  /// The reply that introduces `node`, which has just been looked up.
  func entry(_ node: NodeID, _ status: FileStatus) -> EntryOut {
    EntryOut(
      node: node, entryValidSeconds: cache.validSeconds, attrValidSeconds: cache.validSeconds,
      attr: attributes(status))
  }

  /// The reply with a file's attributes.
  @inline(__always)
  func attributesReply(_ status: FileStatus) -> AttrOut {
    AttrOut(validSeconds: cache.validSeconds, attr: attributes(status))
  }

  @inline(__always)
  private func attributes(_ status: FileStatus) -> Attr {
    Attr(
      status, inode: share.inodeNumbers.number(status.inode, on: status.device),
      flags: isSubmount(status) ? .submount : [])
  }

  /// Whether the guest is to mount what begins here.
  ///
  /// Only directories: Linux guests mount nothing on others.
  @inline(__always)
  private func isSubmount(_ status: FileStatus) -> Bool {
    status.isMountRoot && status.isDirectory && status.mountID != share.rootMountID
      && share.announcesMounts.load(ordering: .relaxed)
  }
}
