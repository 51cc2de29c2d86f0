extension FlagTable {
  /// `O_*` but for the access mode, as the architecture of this machine numbers them.
  static let open = FlagTable([
    (0o4_010_000, "O_SYNC"),
    (0o20_000_000 | directoryBit, "O_TMPFILE"),
    (0o40, "FMODE_EXEC"),
    (0o100, "O_CREAT"), (0o200, "O_EXCL"), (0o400, "O_NOCTTY"), (0o1000, "O_TRUNC"),
    (0o2000, "O_APPEND"), (0o4000, "O_NONBLOCK"), (0o10000, "O_DSYNC"), (0o20000, "O_ASYNC"),
    (directBit, "O_DIRECT"), (largeFileBit, "O_LARGEFILE"), (directoryBit, "O_DIRECTORY"),
    (noFollowBit, "O_NOFOLLOW"),
    (0o1_000_000, "O_NOATIME"), (0o2_000_000, "O_CLOEXEC"), (0o10_000_000, "O_PATH"),
  ])

  #if arch(arm64)
    private static let directBit: UInt64 = 0o200_000
    private static let largeFileBit: UInt64 = 0o400_000
    private static let directoryBit: UInt64 = 0o40_000
    private static let noFollowBit: UInt64 = 0o100_000
  #else
    private static let directBit: UInt64 = 0o40_000
    private static let largeFileBit: UInt64 = 0o100_000
    private static let directoryBit: UInt64 = 0o200_000
    private static let noFollowBit: UInt64 = 0o400_000
  #endif

  /// `FATTR_*`
  static let setattrValid = FlagTable(fromBitZero: [
    "FATTR_MODE", "FATTR_UID", "FATTR_GID", "FATTR_SIZE", "FATTR_ATIME", "FATTR_MTIME", "FATTR_FH",
    "FATTR_ATIME_NOW", "FATTR_MTIME_NOW", "FATTR_LOCKOWNER", "FATTR_CTIME", "FATTR_KILL_SUIDGID",
  ])
  /// `FUSE_GETATTR_*`
  static let getattr = FlagTable(fromBitZero: ["GETATTR_FH"])
  /// `FUSE_OPEN_*`
  static let openRequest = FlagTable(fromBitZero: ["OPEN_KILL_SUIDGID"])
  /// `FOPEN_*`
  static let openReply = FlagTable(fromBitZero: [
    "FOPEN_DIRECT_IO", "FOPEN_KEEP_CACHE", "FOPEN_NONSEEKABLE", "FOPEN_CACHE_DIR", "FOPEN_STREAM",
    "FOPEN_NOFLUSH", "FOPEN_PARALLEL_DIRECT_WRITES", "FOPEN_PASSTHROUGH",
  ])
  /// `FUSE_READ_*`
  static let read = FlagTable(fromBitZero: ["", "READ_LOCKOWNER"])
  /// `FUSE_WRITE_*`
  static let write = FlagTable(fromBitZero: [
    "WRITE_CACHE", "WRITE_LOCKOWNER", "WRITE_KILL_SUIDGID",
  ])
  /// `FUSE_RELEASE_*`
  static let release = FlagTable(fromBitZero: ["RELEASE_FLUSH", "RELEASE_FLOCK_UNLOCK"])
  /// `FUSE_FSYNC_*`
  static let fsync = FlagTable(fromBitZero: ["FSYNC_FDATASYNC"])
  /// `RENAME_*`
  static let rename = FlagTable(fromBitZero: [
    "RENAME_NOREPLACE", "RENAME_EXCHANGE", "RENAME_WHITEOUT",
  ])
  /// `XATTR_*`
  static let setxattr = FlagTable(fromBitZero: ["XATTR_CREATE", "XATTR_REPLACE"])
  /// `FUSE_SETXATTR_*`
  static let setxattrExtension = FlagTable(fromBitZero: ["SETXATTR_ACL_KILL_SGID"])
  /// `FALLOC_FL_*`
  static let fallocate = FlagTable(fromBitZero: [
    "FALLOC_FL_KEEP_SIZE", "FALLOC_FL_PUNCH_HOLE", "FALLOC_FL_NO_HIDE_STALE",
    "FALLOC_FL_COLLAPSE_RANGE", "FALLOC_FL_ZERO_RANGE", "FALLOC_FL_INSERT_RANGE",
    "FALLOC_FL_UNSHARE_RANGE", "FALLOC_FL_WRITE_ZEROES",
  ])
  /// `R_OK`, `W_OK`, `X_OK`
  static let access = FlagTable([(4, "R_OK"), (2, "W_OK"), (1, "X_OK")])
  /// `FUSE_ATTR_*`
  static let attr = FlagTable(fromBitZero: ["ATTR_SUBMOUNT", "ATTR_DAX"])
  /// `FUSE_LK_*`
  static let lock = FlagTable(fromBitZero: ["LK_FLOCK"])
  /// `FUSE_IOCTL_*`
  static let ioctl = FlagTable(fromBitZero: [
    "IOCTL_COMPAT", "IOCTL_UNRESTRICTED", "IOCTL_RETRY", "IOCTL_32BIT", "IOCTL_DIR",
    "IOCTL_COMPAT_X32",
  ])
  /// `FUSE_POLL_*`
  static let poll = FlagTable(fromBitZero: ["POLL_SCHEDULE_NOTIFY"])
  /// `FUSE_SETUPMAPPING_FLAG_*`
  static let setupMapping = FlagTable(fromBitZero: ["SETUPMAPPING_WRITE", "SETUPMAPPING_READ"])
  /// `CUSE_*`
  static let cuse = FlagTable(fromBitZero: ["CUSE_UNRESTRICTED_IOCTL"])

  /// `FUSE_*` of INIT, without that prefix.
  static let `init` = FlagTable(fromBitZero: [
    "ASYNC_READ", "POSIX_LOCKS", "FILE_OPS", "ATOMIC_O_TRUNC", "EXPORT_SUPPORT", "BIG_WRITES",
    "DONT_MASK", "SPLICE_WRITE", "SPLICE_MOVE", "SPLICE_READ", "FLOCK_LOCKS", "HAS_IOCTL_DIR",
    "AUTO_INVAL_DATA", "DO_READDIRPLUS", "READDIRPLUS_AUTO", "ASYNC_DIO", "WRITEBACK_CACHE",
    "NO_OPEN_SUPPORT", "PARALLEL_DIROPS", "HANDLE_KILLPRIV", "POSIX_ACL", "ABORT_ERROR",
    "MAX_PAGES", "CACHE_SYMLINKS", "NO_OPENDIR_SUPPORT", "EXPLICIT_INVAL_DATA", "MAP_ALIGNMENT",
    "SUBMOUNTS", "HANDLE_KILLPRIV_V2", "SETXATTR_EXT", "INIT_EXT", "INIT_RESERVED",
    "SECURITY_CTX", "HAS_INODE_DAX", "CREATE_SUPP_GROUP", "HAS_EXPIRE_ONLY",
    "DIRECT_IO_ALLOW_MMAP", "PASSTHROUGH", "NO_EXPORT_SUPPORT", "HAS_RESEND", "ALLOW_IDMAP",
    "OVER_IO_URING", "REQUEST_TIMEOUT", "HAS_IO_URING_BUFPOOL",
  ])

  /// The bits that a front-end and a back-end agree on: those of virtio 1.x's rings, and vhost's.
  static let features = FlagTable([
    (1 << 24, "NOTIFY_ON_EMPTY"), (1 << 26, "LOG_ALL"), (1 << 27, "ANY_LAYOUT"),
    (1 << 28, "INDIRECT_DESC"), (1 << 29, "EVENT_IDX"), (1 << 30, "PROTOCOL_FEATURES"),
    (1 << 32, "VERSION_1"), (1 << 33, "ACCESS_PLATFORM"), (1 << 34, "RING_PACKED"),
    (1 << 35, "IN_ORDER"), (1 << 36, "ORDER_PLATFORM"), (1 << 38, "NOTIFICATION_DATA"),
    (1 << 40, "RING_RESET"),
  ])

  /// `SEEK_*`, by number.
  static let whence = ["SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE"]
  /// `F_*LCK`, by number.
  static let lockType = ["F_RDLCK", "F_WRLCK", "F_UNLCK"]
  /// `DT_*`, by number.
  static let entryType = [
    "unknown", "fifo", "character", "3", "directory", "5", "block", "7", "file", "9", "link", "11",
    "socket", "13", "whiteout",
  ]
}
