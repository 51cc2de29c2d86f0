import FuseProtocol
import KernelHeaders
import Testing

/// The offsets of `fields`, then the structure's size and alignment.
///
/// A field without an offset is -1, which no other structure's field can equal.
func layout<T>(_ fields: PartialKeyPath<T>...) -> [Int] {
  fields.map { MemoryLayout<T>.offset(of: $0) ?? -1 }
    + [MemoryLayout<T>.size, MemoryLayout<T>.alignment]
}

/// Every structure that the host's header knows has the kernel's layout.
@Suite struct LayoutTests {
  @Test func headers() {
    #expect(
      layout(
        \InHeader.byteCount, \.opcode, \.unique, \.node, \.uid, \.gid, \.pid,
        \.extensionWordCount)
        == layout(
          \fuse_in_header.len, \.opcode, \.unique, \.nodeid, \.uid, \.gid, \.pid, \.total_extlen))
    #expect(
      layout(\OutHeader.byteCount, \.error, \.unique)
        == layout(\fuse_out_header.len, \.error, \.unique))
  }

  @Test func attributes() {
    #expect(
      layout(
        \Attr.ino, \.size, \.blocks, \.atime, \.mtime, \.ctime, \.atimeNanoseconds,
        \.mtimeNanoseconds, \.ctimeNanoseconds, \.mode, \.linkCount, \.uid, \.gid, \.device,
        \.blockSize, \.flags)
        == layout(
          \fuse_attr.ino, \.size, \.blocks, \.atime, \.mtime, \.ctime, \.atimensec, \.mtimensec,
          \.ctimensec, \.mode, \.nlink, \.uid, \.gid, \.rdev, \.blksize, \.flags))
    #expect(
      layout(\AttrOut.validSeconds, \.validNanoseconds, \.attr)
        == layout(\fuse_attr_out.attr_valid, \.attr_valid_nsec, \.attr))
    #expect(layout(\GetattrIn.flags, \.handle) == layout(\fuse_getattr_in.getattr_flags, \.fh))
    #expect(
      layout(
        \SetattrIn.valid, \.handle, \.size, \.lockOwner, \.atime, \.mtime, \.ctime,
        \.atimeNanoseconds, \.mtimeNanoseconds, \.ctimeNanoseconds, \.mode, \.uid, \.gid)
        == layout(
          \fuse_setattr_in.valid, \.fh, \.size, \.lock_owner, \.atime, \.mtime, \.ctime,
          \.atimensec, \.mtimensec, \.ctimensec, \.mode, \.uid, \.gid))
    #expect(layout(\AccessIn.mask) == layout(\fuse_access_in.mask))
  }

  @Test func entries() {
    #expect(
      layout(
        \EntryOut.node, \.generation, \.entryValidSeconds, \.attrValidSeconds,
        \.entryValidNanoseconds, \.attrValidNanoseconds, \.attr)
        == layout(
          \fuse_entry_out.nodeid, \.generation, \.entry_valid, \.attr_valid, \.entry_valid_nsec,
          \.attr_valid_nsec, \.attr))
    #expect(layout(\ForgetIn.lookups) == layout(\fuse_forget_in.nlookup))
    #expect(
      layout(\ForgetOne.node, \.lookups) == layout(\fuse_forget_one.nodeid, \.nlookup))
    #expect(layout(\BatchForgetIn.count) == layout(\fuse_batch_forget_in.count))
    #expect(
      layout(\MknodIn.mode, \.device, \.umask) == layout(\fuse_mknod_in.mode, \.rdev, \.umask))
    #expect(layout(\MkdirIn.mode, \.umask) == layout(\fuse_mkdir_in.mode, \.umask))
    #expect(layout(\RenameIn.newParent) == layout(\fuse_rename_in.newdir))
    #expect(layout(\Rename2In.newParent, \.flags) == layout(\fuse_rename2_in.newdir, \.flags))
    #expect(layout(\LinkIn.node) == layout(\fuse_link_in.oldnodeid))
  }

  @Test func openFiles() {
    #expect(layout(\OpenIn.flags, \.openFlags) == layout(\fuse_open_in.flags, \.open_flags))
    #expect(
      layout(\CreateIn.flags, \.mode, \.umask, \.openFlags)
        == layout(\fuse_create_in.flags, \.mode, \.umask, \.open_flags))
    #expect(
      layout(\OpenOut.handle, \.flags, \.backingID)
        == layout(\fuse_open_out.fh, \.open_flags, \.padding))
    #expect(
      layout(\ReleaseIn.handle, \.flags, \.releaseFlags, \.lockOwner)
        == layout(\fuse_release_in.fh, \.flags, \.release_flags, \.lock_owner))
    #expect(layout(\FlushIn.handle, \.lockOwner) == layout(\fuse_flush_in.fh, \.lock_owner))
    #expect(layout(\FsyncIn.handle, \.flags) == layout(\fuse_fsync_in.fh, \.fsync_flags))
  }

  @Test func data() {
    #expect(
      layout(\ReadIn.handle, \.offset, \.byteCount, \.readFlags, \.lockOwner, \.flags)
        == layout(\fuse_read_in.fh, \.offset, \.size, \.read_flags, \.lock_owner, \.flags))
    #expect(
      layout(\WriteIn.handle, \.offset, \.byteCount, \.writeFlags, \.lockOwner, \.flags)
        == layout(\fuse_write_in.fh, \.offset, \.size, \.write_flags, \.lock_owner, \.flags))
    #expect(layout(\WriteOut.byteCount) == layout(\fuse_write_out.size))
    #expect(
      layout(\FallocateIn.handle, \.offset, \.byteCount, \.mode)
        == layout(\fuse_fallocate_in.fh, \.offset, \.length, \.mode))
    #expect(
      layout(\LseekIn.handle, \.offset, \.whence)
        == layout(\fuse_lseek_in.fh, \.offset, \.whence))
    #expect(layout(\LseekOut.offset) == layout(\fuse_lseek_out.offset))
    #expect(
      layout(
        \CopyFileRangeIn.sourceHandle, \.sourceOffset, \.destinationNode, \.destinationHandle,
        \.destinationOffset, \.byteCount, \.flags)
        == layout(
          \fuse_copy_file_range_in.fh_in, \.off_in, \.nodeid_out, \.fh_out, \.off_out, \.len,
          \.flags))
  }

  @Test func directories() {
    #expect(
      layout(\Dirent.ino, \.offset, \.nameByteCount, \.type)
        == layout(\fuse_dirent.ino, \.off, \.namelen, \.type))
    #expect(
      layout(\Direntplus.entry, \.dirent) == layout(\fuse_direntplus.entry_out, \.dirent))
  }

  @Test func extendedAttributes() {
    #expect(
      layout(\SetxattrIn.byteCount, \.flags, \.extendedFlags)
        == layout(\fuse_setxattr_in.size, \.flags, \.setxattr_flags))
    #expect(MemoryLayout<SetxattrInCompat>.size == Int(FUSE_COMPAT_SETXATTR_IN_SIZE))
    #expect(layout(\GetxattrIn.byteCount) == layout(\fuse_getxattr_in.size))
    #expect(layout(\GetxattrOut.byteCount) == layout(\fuse_getxattr_out.size))
  }

  @Test func fileSystemStatus() {
    #expect(
      layout(
        \KStatfs.blocks, \.freeBlocks, \.availableBlocks, \.files, \.freeFiles, \.blockSize,
        \.maximumNameByteCount, \.fragmentSize)
        == layout(
          \fuse_kstatfs.blocks, \.bfree, \.bavail, \.files, \.ffree, \.bsize, \.namelen, \.frsize))
    #expect(MemoryLayout<KStatfs>.size == MemoryLayout<fuse_statfs_out>.size)
    #expect(MemoryLayout<SyncfsIn>.size == MemoryLayout<fuse_syncfs_in>.size)
  }

  @Test func initialization() {
    #expect(
      layout(\InitIn.major, \.minor, \.maximumReadahead, \.flagsLow, \.flagsHigh)
        == layout(\fuse_init_in.major, \.minor, \.max_readahead, \.flags, \.flags2))
    #expect(
      layout(
        \InitOut.major, \.minor, \.maximumReadahead, \.flagsLow, \.maximumBackground,
        \.congestionThreshold, \.maximumWrite, \.timeGranularity, \.maximumPages, \.mapAlignment,
        \.flagsHigh)
        == layout(
          \fuse_init_out.major, \.minor, \.max_readahead, \.flags, \.max_background,
          \.congestion_threshold, \.max_write, \.time_gran, \.max_pages, \.map_alignment, \.flags2))
    #expect(layout(\InterruptIn.unique) == layout(\fuse_interrupt_in.unique))
  }

  @Test func extensions() {
    #expect(
      layout(\ExtensionHeader.byteCount, \.kind) == layout(\fuse_ext_header.size, \.type))
    #expect(
      layout(\ExtensionHeader.byteCount, \.kind)
        == layout(\fuse_secctx_header.size, \.nr_secctx))
    #expect(layout(\SecurityContextHeader.byteCount) == layout(\fuse_secctx.size))
  }

  /// What Debian 12's header (7.38) lacks, by the numbers of Linux 7.3's.
  @Test func newerThanTheHostsHeader() {
    #expect(MemoryLayout<InitInCompat>.size == 16)
    #expect(layout(\InitOut.maximumStackDepth, \.requestTimeout) == [36, 40, 64, 4])
    #expect(layout(\CreateOut.entry, \.open) == [0, 128, 144, 8])
    #expect(layout(\CopyFileRangeOut.byteCount) == [0, 8, 8])
  }
}
