internal import Linux

// What the types of file systems (`f_type`) have to do with node identity and with waiting.

extension FileSystemStatus {
  /// Whether the type is one whose calls may wait for a network or for another process.
  var isRemote: Bool {
    switch type {
    case 0x6969,  // NFS
      0x517b, 0xfe53_4d42, 0xff53_4d42,  // SMB, SMB 2, CIFS
      0x6573_5546,  // FUSE
      0x00c3_6400,  // Ceph
      0x0102_1997,  // 9P
      0x5346_414f, 0x6b41_4653,  // AFS
      0x7375_7245,  // Coda
      0x7461_636f, 0x0116_1970,  // OCFS2, GFS2
      0x0bd0_0bd0, 0x4750_4653,  // Lustre, GPFS
      0x1983_0326, 0x2003_0528,  // BeeGFS, OrangeFS
      0xbacb_acbc, 0x786f_4256:  // The shared folders of VMware and of VirtualBox
      true
    case _:
      false
    }
  }

  /// Whether a file handle leads to its file as long as the file lives.
  ///
  /// Not where handles lead to what is in the inode cache only: there a live file's handle becomes
  /// stale, and may come to lead to another file when numbers are used again. Trying one at once
  /// does not show that.
  var keepsHandles: Bool {
    switch type {
    case 0x6573_5546,  // FUSE
      0x4d44, 0x2011_bab0:  // FAT, exFAT
      false
    case _:
      true
    }
  }

  /// Whether the type is one of those of which `InodeNumberProof.native` is known.
  fileprivate var isNative: Bool {
    switch type {
    case 0xef53,  // ext2, ext3, ext4
      0x5846_5342,  // XFS
      0x9123_683e,  // btrfs
      0x0102_1994:  // tmpfs
      true
    case _:
      false
    }
  }

  /// Whether the type is one of those that give no two files one number while both are held open.
  ///
  /// Of a type that is not known nothing is: it may count with 32 bits and begin anew, or know no
  /// more of its files than what somebody else says.
  fileprivate var keepsNumbers: Bool {
    switch type {
    case 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1,  // F2FS, bcachefs, ZFS
      0x3153_464a, 0x3434, 0x5265_4973,  // JFS, NILFS 2, ReiserFS
      0x2405_1905, 0x72b6,  // UBIFS, JFFS2
      0x7371_7368, 0xe0f5_e1e2,  // squashfs, EROFS
      0x9660, 0x1501_3346,  // ISO 9660, UDF
      0x4d44, 0x2011_bab0,  // FAT, exFAT
      0x7366_746e, 0x482b:  // NTFS 3, HFS+
      true
    case _:
      false
    }
  }

  /// What the type alone says.
  var numbers: InodeNumberProof {
    if isNative { return .native }
    if isOverlay { return .unlessLinked }
    return keepsNumbers && !isRemote ? .whole : .none
  }

  /// overlayfs
  var isOverlay: Bool { type == 0x794c_7630 }
}

extension Descriptor {
  /// What the inode number of a file that is held open proves, on this one's file system, `kind`.
  func numbers(on kind: FileSystemStatus) -> InodeNumberProof {
    guard kind.numbers == .unlessLinked else { return kind.numbers }
    // An overlay's handles are made with an index only.
    return (try? handle()) == nil ? .unlessLinked : .whole
  }
}

/// Whether no other file can have the inode number of a file that is held open.
enum InodeNumberProof: UInt8 {
  case whole
  /// The same, and more is known of the file system: closing a file does nothing (there is no
  /// `->flush`), and a directory's change time moves with every name that is made, removed or
  /// renamed in it.
  case native
  /// Not a file of several names: those of one file in a lower layer of overlayfs are separate
  /// files (unless it was mounted with `index=on`), which have the lower file's number until the
  /// first of them is written to. See `NodeTable.describe`.
  case unlessLinked
  /// The numbers are given out elsewhere, by a server or a process that does not know what is held
  /// open here, or nobody knows how.
  case none
}
