/// `FUSE_*` flags of INIT: what a client offers, and what a server takes.
///
/// One set of 64 bits, of which the wire carries the lower half in `flags` and the upper one in
/// `flags2`, the latter only where `initExtension` is set.
package struct InitFlags: OptionSet, Hashable, Sendable {
  /// The bits of the wire.
  package var rawValue: UInt64

  /// The flags with these bits.
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// The flags out of the two words of the wire; the upper one counts if the lower one says so.
  package init(flags: UInt32, flags2: UInt32) {
    let low = InitFlags(rawValue: UInt64(flags))
    let high = low.contains(.initExtension) ? UInt64(flags2) << 32 : 0
    rawValue = low.rawValue | high
  }

  /// The lower word, with `initExtension` exactly if the upper one is needed.
  package var flags: UInt32 {
    let low = subtracting(.initExtension).union(flags2 == 0 ? [] : .initExtension)
    return UInt32(truncatingIfNeeded: low.rawValue)
  }

  /// The upper word.
  package var flags2: UInt32 {
    UInt32(truncatingIfNeeded: rawValue >> 32)
  }
}

extension InitFlags {
  /// Reads of one file may run at the same time.
  package static let asyncRead = InitFlags(rawValue: 1 << 0)
  /// `fcntl` locks come to the server.
  package static let posixLocks = InitFlags(rawValue: 1 << 1)
  /// Unused.
  package static let fileOperations = InitFlags(rawValue: 1 << 2)
  /// `FUSE_ATOMIC_O_TRUNC`: O_TRUNC comes with OPEN, not as a SETATTR after it.
  package static let atomicTruncate = InitFlags(rawValue: 1 << 3)
  /// LOOKUP of "." and ".." works, for NFS.
  package static let exportSupport = InitFlags(rawValue: 1 << 4)
  /// Writes may be longer than 4 KiB.
  package static let bigWrites = InitFlags(rawValue: 1 << 5)
  /// The server applies the caller's umask.
  package static let dontMask = InitFlags(rawValue: 1 << 6)
  /// Of /dev/fuse only.
  package static let spliceWrite = InitFlags(rawValue: 1 << 7)
  /// Of /dev/fuse only.
  package static let spliceMove = InitFlags(rawValue: 1 << 8)
  /// Of /dev/fuse only.
  package static let spliceRead = InitFlags(rawValue: 1 << 9)
  /// `flock` locks come to the server.
  package static let flockLocks = InitFlags(rawValue: 1 << 10)
  /// `FUSE_HAS_IOCTL_DIR`: IOCTL on directories.
  package static let hasIoctlDirectory = InitFlags(rawValue: 1 << 11)
  /// The client drops cached data when it sees another size or time.
  package static let autoInvalidateData = InitFlags(rawValue: 1 << 12)
  /// READDIRPLUS in place of READDIR.
  package static let doReaddirplus = InitFlags(rawValue: 1 << 13)
  /// READDIRPLUS only where it seems to pay.
  package static let readdirplusAuto = InitFlags(rawValue: 1 << 14)
  /// `FUSE_ASYNC_DIO`: direct requests may run at the same time.
  package static let asyncDirectIO = InitFlags(rawValue: 1 << 15)
  /// The client keeps dirty pages and owns sizes and times.
  package static let writebackCache = InitFlags(rawValue: 1 << 16)
  /// OPEN may be refused for good with ENOSYS.
  package static let noOpenSupport = InitFlags(rawValue: 1 << 17)
  /// `FUSE_PARALLEL_DIROPS`: several lookups in a directory at a time.
  package static let parallelDirectoryOperations = InitFlags(rawValue: 1 << 18)
  /// `FUSE_HANDLE_KILLPRIV`: the server always clears set-id bits.
  package static let handleKillPrivileges = InitFlags(rawValue: 1 << 19)
  /// The client understands access control lists.
  package static let posixACL = InitFlags(rawValue: 1 << 20)
  /// Of /dev/fuse only.
  package static let abortError = InitFlags(rawValue: 1 << 21)
  /// `FUSE_MAX_PAGES`: `InitOut.maximumPages` is valid.
  package static let maximumPages = InitFlags(rawValue: 1 << 22)
  /// Targets of links may be cached.
  package static let cacheSymlinks = InitFlags(rawValue: 1 << 23)
  /// OPENDIR may be refused for good with ENOSYS.
  package static let noOpendirSupport = InitFlags(rawValue: 1 << 24)
  /// Cached data goes only when the server says so.
  package static let explicitInvalidateData = InitFlags(rawValue: 1 << 25)
  /// `InitOut.mapAlignment` is valid.
  package static let mapAlignment = InitFlags(rawValue: 1 << 26)
  /// `AttrFlags.submount` is understood.
  package static let submounts = InitFlags(rawValue: 1 << 27)
  /// `FUSE_HANDLE_KILLPRIV_V2`: the server clears set-id bits when asked to.
  package static let handleKillPrivilegesV2 = InitFlags(rawValue: 1 << 28)
  /// `FUSE_SETXATTR_EXT`: SETXATTR begins with all of `SetxattrIn`.
  package static let setxattrExtension = InitFlags(rawValue: 1 << 29)
  /// `FUSE_INIT_EXT`: the upper half of the flags is valid.
  package static let initExtension = InitFlags(rawValue: 1 << 30)
  /// `FUSE_SECURITY_CTX`: creating requests carry security contexts.
  package static let securityContext = InitFlags(rawValue: 1 << 32)
  /// `AttrFlags.dax` is understood.
  package static let hasInodeDAX = InitFlags(rawValue: 1 << 33)
  /// `FUSE_CREATE_SUPP_GROUP`: creating requests carry the group that matters.
  package static let createSupplementaryGroup = InitFlags(rawValue: 1 << 34)
  /// Entries may be expired by notification.
  package static let hasExpireOnly = InitFlags(rawValue: 1 << 35)
  /// `FUSE_DIRECT_IO_ALLOW_MMAP`: files open for direct I/O may be mapped shared.
  package static let directIOAllowsMapping = InitFlags(rawValue: 1 << 36)
  /// Of /dev/fuse only.
  package static let passthrough = InitFlags(rawValue: 1 << 37)
  /// File handles made by the client need not be resolved.
  package static let noExportSupport = InitFlags(rawValue: 1 << 38)
  /// Of /dev/fuse only.
  package static let hasResend = InitFlags(rawValue: 1 << 39)
  /// `FUSE_ALLOW_IDMAP`: mounts may map ids; only creating requests carry the caller's.
  package static let allowIDMap = InitFlags(rawValue: 1 << 40)
  /// Of /dev/fuse only.
  package static let overIOUring = InitFlags(rawValue: 1 << 41)
  /// `InitOut.requestTimeout` is valid.
  package static let requestTimeout = InitFlags(rawValue: 1 << 42)
  /// `FUSE_HAS_IO_URING_BUFPOOL`: of /dev/fuse only.
  package static let hasBufferPool = InitFlags(rawValue: 1 << 43)
}
