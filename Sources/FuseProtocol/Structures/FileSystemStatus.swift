/// `fuse_kstatfs`, which is all of `fuse_statfs_out`: the reply to STATFS.
package struct KStatfs: WireValue {
  /// In units of `fragmentSize`, as are the next two.
  package var blocks: UInt64
  /// `bfree`.
  package var freeBlocks: UInt64
  /// `bavail`: free for those who are not root.
  package var availableBlocks: UInt64
  /// How many inodes there are.
  package var files: UInt64
  /// `ffree`.
  package var freeFiles: UInt64
  /// `bsize`: the best size for I/O.
  package var blockSize: UInt32
  /// `namelen`.
  package var maximumNameByteCount: UInt32
  /// `frsize`: the unit of the counts of blocks.
  package var fragmentSize: UInt32
  private var padding: UInt32 = 0
  private var spare: [6 of UInt32] = .init(repeating: 0)

  /// The structure with these fields; spare ones are zero.
  package init(
    blocks: UInt64 = 0, freeBlocks: UInt64 = 0, availableBlocks: UInt64 = 0, files: UInt64 = 0,
    freeFiles: UInt64 = 0, blockSize: UInt32 = 0, maximumNameByteCount: UInt32 = 0,
    fragmentSize: UInt32 = 0
  ) {
    self.blocks = blocks
    self.freeBlocks = freeBlocks
    self.availableBlocks = availableBlocks
    self.files = files
    self.freeFiles = freeFiles
    self.blockSize = blockSize
    self.maximumNameByteCount = maximumNameByteCount
    self.fragmentSize = fragmentSize
  }
}

/// `fuse_syncfs_in`: the arguments of SYNCFS.
package struct SyncfsIn: WireValue {
  private var padding: UInt64 = 0

  /// The structure with these fields; spare ones are zero.
  package init() {}
}
