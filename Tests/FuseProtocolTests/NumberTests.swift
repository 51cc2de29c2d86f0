import FuseProtocol
import KernelHeaders
import Testing

/// Opcodes and flags have the kernel's numbers.
@Suite struct NumberTests {
  @Test func opcodes() {
    let known: [(Opcode, fuse_opcode)] = [
      (.lookup, FUSE_LOOKUP), (.forget, FUSE_FORGET), (.getattr, FUSE_GETATTR),
      (.setattr, FUSE_SETATTR), (.readlink, FUSE_READLINK), (.symlink, FUSE_SYMLINK),
      (.mknod, FUSE_MKNOD), (.mkdir, FUSE_MKDIR), (.unlink, FUSE_UNLINK), (.rmdir, FUSE_RMDIR),
      (.rename, FUSE_RENAME), (.link, FUSE_LINK), (.open, FUSE_OPEN), (.read, FUSE_READ),
      (.write, FUSE_WRITE), (.statfs, FUSE_STATFS), (.release, FUSE_RELEASE),
      (.fsync, FUSE_FSYNC), (.setxattr, FUSE_SETXATTR), (.getxattr, FUSE_GETXATTR),
      (.listxattr, FUSE_LISTXATTR), (.removexattr, FUSE_REMOVEXATTR), (.flush, FUSE_FLUSH),
      (.`init`, FUSE_INIT), (.opendir, FUSE_OPENDIR), (.readdir, FUSE_READDIR),
      (.releasedir, FUSE_RELEASEDIR), (.fsyncdir, FUSE_FSYNCDIR), (.getlk, FUSE_GETLK),
      (.setlk, FUSE_SETLK), (.setlkw, FUSE_SETLKW), (.access, FUSE_ACCESS),
      (.create, FUSE_CREATE), (.interrupt, FUSE_INTERRUPT), (.bmap, FUSE_BMAP),
      (.destroy, FUSE_DESTROY), (.ioctl, FUSE_IOCTL), (.poll, FUSE_POLL),
      (.notifyReply, FUSE_NOTIFY_REPLY), (.batchForget, FUSE_BATCH_FORGET),
      (.fallocate, FUSE_FALLOCATE), (.readdirplus, FUSE_READDIRPLUS), (.rename2, FUSE_RENAME2),
      (.lseek, FUSE_LSEEK), (.copyFileRange, FUSE_COPY_FILE_RANGE),
      (.setupMapping, FUSE_SETUPMAPPING), (.removeMapping, FUSE_REMOVEMAPPING),
      (.syncfs, FUSE_SYNCFS), (.tmpfile, FUSE_TMPFILE), (.cuseInit, CUSE_INIT),
    ]
    for (ours, kernels) in known {
      #expect(ours.rawValue == kernels.rawValue)
    }
    #expect(Opcode.statx.rawValue == 52)
    #expect(Opcode.copyFileRange64.rawValue == 53)
    #expect(known.count + 2 == Opcode.allCases.count)
  }

  @Test(arguments: [0, 7, 19, 54, 4095, 4097, FUSE_INIT_BSWAP_RESERVED.rawValue, .max])
  func noOpcodeHasTheNumber(_ number: UInt32) {
    #expect(Opcode(rawValue: number) == nil)
  }

  @Test func initFlags() {
    let low: [(InitFlags, Int32)] = [
      (.asyncRead, FUSE_ASYNC_READ), (.posixLocks, FUSE_POSIX_LOCKS),
      (.fileOperations, FUSE_FILE_OPS), (.atomicTruncate, FUSE_ATOMIC_O_TRUNC),
      (.exportSupport, FUSE_EXPORT_SUPPORT), (.bigWrites, FUSE_BIG_WRITES),
      (.dontMask, FUSE_DONT_MASK), (.spliceWrite, FUSE_SPLICE_WRITE),
      (.spliceMove, FUSE_SPLICE_MOVE), (.spliceRead, FUSE_SPLICE_READ),
      (.flockLocks, FUSE_FLOCK_LOCKS), (.hasIoctlDirectory, FUSE_HAS_IOCTL_DIR),
      (.autoInvalidateData, FUSE_AUTO_INVAL_DATA), (.doReaddirplus, FUSE_DO_READDIRPLUS),
      (.readdirplusAuto, FUSE_READDIRPLUS_AUTO), (.asyncDirectIO, FUSE_ASYNC_DIO),
      (.writebackCache, FUSE_WRITEBACK_CACHE), (.noOpenSupport, FUSE_NO_OPEN_SUPPORT),
      (.parallelDirectoryOperations, FUSE_PARALLEL_DIROPS),
      (.handleKillPrivileges, FUSE_HANDLE_KILLPRIV), (.posixACL, FUSE_POSIX_ACL),
      (.abortError, FUSE_ABORT_ERROR), (.maximumPages, FUSE_MAX_PAGES),
      (.cacheSymlinks, FUSE_CACHE_SYMLINKS), (.noOpendirSupport, FUSE_NO_OPENDIR_SUPPORT),
      (.explicitInvalidateData, FUSE_EXPLICIT_INVAL_DATA), (.mapAlignment, FUSE_MAP_ALIGNMENT),
      (.submounts, FUSE_SUBMOUNTS), (.handleKillPrivilegesV2, FUSE_HANDLE_KILLPRIV_V2),
      (.setxattrExtension, FUSE_SETXATTR_EXT), (.initExtension, FUSE_INIT_EXT),
    ]
    for (ours, kernels) in low {
      #expect(ours.rawValue == UInt64(kernels))
    }
    let high: [(InitFlags, Int)] = [
      (.securityContext, 32), (.hasInodeDAX, 33), (.createSupplementaryGroup, 34),
      (.hasExpireOnly, 35), (.directIOAllowsMapping, 36), (.passthrough, 37),
      (.noExportSupport, 38), (.hasResend, 39), (.allowIDMap, 40), (.overIOUring, 41),
      (.requestTimeout, 42), (.hasBufferPool, 43),
    ]
    for (ours, bit) in high {
      #expect(ours.rawValue == 1 << UInt64(bit))
    }
  }

  @Test func otherFlags() {
    #expect(GetattrFlags.handle.rawValue == UInt32(FUSE_GETATTR_FH))
    #expect(AttrFlags.submount.rawValue == UInt32(FUSE_ATTR_SUBMOUNT))
    #expect(AttrFlags.dax.rawValue == UInt32(FUSE_ATTR_DAX))
    #expect(OpenRequestFlags.killSetID.rawValue == UInt32(FUSE_OPEN_KILL_SUIDGID))
    #expect(ReleaseFlags.flush.rawValue == UInt32(FUSE_RELEASE_FLUSH))
    #expect(ReleaseFlags.flockUnlock.rawValue == UInt32(FUSE_RELEASE_FLOCK_UNLOCK))
    #expect(FsyncFlags.dataOnly.rawValue == UInt32(FUSE_FSYNC_FDATASYNC))
    #expect(ReadFlags.lockOwner.rawValue == UInt32(FUSE_READ_LOCKOWNER))
    #expect(WriteFlags.cache.rawValue == UInt32(FUSE_WRITE_CACHE))
    #expect(WriteFlags.lockOwner.rawValue == UInt32(FUSE_WRITE_LOCKOWNER))
    #expect(WriteFlags.killSetID.rawValue == UInt32(FUSE_WRITE_KILL_SUIDGID))
    #expect(NodeID.root.rawValue == UInt64(FUSE_ROOT_ID))
  }

  @Test func setattrFlags() {
    let flags: [(SetattrValid, Int32)] = [
      (.mode, FATTR_MODE), (.uid, FATTR_UID), (.gid, FATTR_GID), (.size, FATTR_SIZE),
      (.atime, FATTR_ATIME), (.mtime, FATTR_MTIME), (.handle, FATTR_FH),
      (.atimeNow, FATTR_ATIME_NOW), (.mtimeNow, FATTR_MTIME_NOW),
      (.lockOwner, FATTR_LOCKOWNER), (.ctime, FATTR_CTIME), (.killSetID, FATTR_KILL_SUIDGID),
    ]
    for (ours, kernels) in flags {
      #expect(ours.rawValue == UInt32(kernels))
    }
  }

  @Test func openReplyFlags() {
    let flags: [(OpenReplyFlags, Int32)] = [
      (.directIO, FOPEN_DIRECT_IO), (.keepCache, FOPEN_KEEP_CACHE),
      (.nonSeekable, FOPEN_NONSEEKABLE), (.cacheDirectory, FOPEN_CACHE_DIR),
      (.stream, FOPEN_STREAM), (.noFlush, FOPEN_NOFLUSH),
      (.parallelDirectWrites, FOPEN_PARALLEL_DIRECT_WRITES),
    ]
    for (ours, kernels) in flags {
      #expect(ours.rawValue == UInt32(kernels))
    }
  }

  @Test func theUpperWordCountsOnlyIfTheLowerOneSaysSo() {
    let extended = UInt32(FUSE_INIT_EXT)
    #expect(InitFlags(flags: 1, flags2: 4) == .asyncRead)
    #expect(
      InitFlags(flags: 1 | extended, flags2: 4)
        == [.asyncRead, .initExtension, .createSupplementaryGroup])
    #expect(([.asyncRead, .createSupplementaryGroup] as InitFlags).flags == 1 | extended)
    #expect(([.asyncRead, .createSupplementaryGroup] as InitFlags).flags2 == 4)
    #expect(([.asyncRead, .initExtension] as InitFlags).flags == 1)
  }
}
