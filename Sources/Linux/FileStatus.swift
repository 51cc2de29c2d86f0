internal import CLinux

/// What `statx(2)` says about a file, or `fstat(2)`, which tells less (`basicStatus`).
package struct FileStatus: Sendable {
  /// Type and permissions, `st_mode`.
  package var mode: UInt32
  /// Hard links.
  package var linkCount: UInt32
  /// The owner.
  package var uid: UInt32
  /// The group.
  package var gid: UInt32
  /// The inode number: unique on `device` while the file lives.
  package var inode: UInt64
  /// In bytes.
  package var size: UInt64
  /// In units of 512 bytes, whatever `blockByteCount` says.
  package var blocks: UInt64
  /// The size that I/O likes best, in bytes.
  package var blockByteCount: UInt32
  /// `STATX_ATTR_*`.
  package var attributes: UInt64
  /// The file system that the file is on.
  package var device: DeviceNumber
  /// What a device node stands for.
  package var specialDevice: DeviceNumber
  /// The mount through which the file was reached; 0 where the kernel does not tell (before 5.8,
  /// and in a basic status).
  package var mountID: UInt64
  /// Whether `mountID` is never used for another mount (since 6.8).
  package var isMountIDUnique: Bool
  /// When the file was read last, as far as the mount keeps that.
  package var accessTime: Timestamp
  /// When the contents changed last.
  package var modificationTime: Timestamp
  /// When the inode changed last.
  package var changeTime: Timestamp
  /// When the inode was made; nothing where the file system does not keep that.
  package var birthTime: Timestamp?

  /// The type's bits of the mode: `S_IFREG`, `S_IFDIR` ...
  package var fileType: UInt32 { mode & UInt32(S_IFMT) }
  /// Whether it is a directory.
  package var isDirectory: Bool { fileType == Self.directoryType }
  /// Whether it is a regular file.
  package var isRegular: Bool { fileType == Self.regularType }
  /// Whether it is a symbolic link.
  package var isSymbolicLink: Bool { fileType == UInt32(S_IFLNK) }
  /// `S_IFDIR`.
  package static let directoryType: UInt32 = 0o040000
  /// `S_IFREG`.
  package static let regularType: UInt32 = 0o100000
  /// Whether the file is the root of the mount through which it was reached (since 5.8); not told
  /// by a basic status.
  package var isMountRoot: Bool { attributes & 0x2000 != 0 }
}

/// A point in time: seconds since 1970, which may be negative, and nanoseconds after that second.
package struct Timestamp: Hashable, Sendable {
  /// Since 1970; negative before.
  package var seconds: Int64
  /// Below a thousand million.
  package var nanoseconds: UInt32

  package init(seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  @inline(__always)
  init(_ time: timespec) {
    seconds = Int64(time.tv_sec)
    nanoseconds = UInt32(truncatingIfNeeded: time.tv_nsec)
  }

  init(_ timestamp: statx_timestamp) {
    seconds = timestamp.tv_sec
    nanoseconds = timestamp.tv_nsec
  }
}

/// A device's two numbers.
package struct DeviceNumber: Hashable, Sendable {
  /// Which driver.
  package var major: UInt32
  /// Which of the driver's devices.
  package var minor: UInt32

  package init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }

  /// What `encoded` was made of.
  @inline(__always)
  package init(encoded: UInt32) {
    major = encoded >> 8 & 0xfff
    minor = encoded & 0xff | encoded >> 12 & 0xfff00
  }

  /// Both in one word, the major number above.
  package var word: UInt64 { UInt64(major) << 32 | UInt64(minor) }

  /// As the kernel encodes it in 32 bits, which is what FUSE's `rdev` holds.
  package var encoded: UInt32 {
    minor & 0xff | (major & 0xfff) << 8 | (minor & ~0xff) << 12
  }
}

extension Descriptor {
  /// The status of this open file, which may be opened with `O_PATH`.
  package func status() throws(Errno) -> FileStatus {
    try readStatus(PathName(""), swift_at_empty_path)
  }

  /// The status of this open file without what only statx(2) tells: its mount, whether it is one's
  /// root, when it was made. An eighth cheaper; for attributes, not to tell files apart.
  @inline(__always)
  package func basicStatus() throws(Errno) -> FileStatus {
    #if DEBUG
      try FaultyCall.status.checkFault(self, PathName(""))
    #endif
    return FileStatus(try rawStatus())
  }

  /// What fstat(2) says of this open file.
  @inline(__always)
  func rawStatus() throws(Errno) -> stat {
    var status = stat()
    // SAFETY: the call fills the structure, which is a local.
    _ = try attempt { unsafe swift_fstat(rawValue, &status) }
    return status
  }

  /// The status of what `name` names in this directory: of a link itself, and without mounting
  /// what would be mounted on demand.
  package func status(of name: borrowing PathName) throws(Errno) -> FileStatus {
    try readStatus(name, 0)
  }

  /// The number by which `mountinfo` lists the mount of this open file; another mount's later.
  ///
  /// - Throws: `EOPNOTSUPP` before Linux 5.8.
  package func listedMountID() throws(Errno) -> UInt64 {
    var status = CLinux.statx()
    // SAFETY: the name is a constant, and `status` is a local that the call fills.
    _ = try attempt {
      unsafe swift_statx(rawValue, "", swift_at_empty_path, swift_statx_mnt_id, &status)
    }
    guard status.stx_mask & swift_statx_mnt_id != 0 else { throw .notSupported }
    return status.stx_mnt_id
  }

  /// The status of what `name` names in this directory, as far as this machine knows it
  /// (`AT_STATX_DONT_SYNC`): of a file on a network, and of one served by a process, it may be old,
  /// but nobody is asked.
  package func knownStatus(of name: borrowing PathName) throws(Errno) -> FileStatus {
    try readStatus(name, swift_at_statx_dont_sync)
  }

  @inline(__always)
  private func readStatus(
    _ path: borrowing PathName, _ flags: Int32
  ) throws(Errno) -> FileStatus {
    #if DEBUG
      try FaultyCall.status.checkFault(self, path)
    #endif
    // Both kinds of mount id are asked for: a kernel that knows the unique one gives that.
    let mask =
      swift_statx_basic_stats | swift_statx_btime | swift_statx_mnt_id | swift_statx_mnt_id_unique
    var status = CLinux.statx()
    // SAFETY: the string is terminated, and `status` is a local that the call fills.
    _ = try unsafe path.withCString { (path) throws(Errno) in
      try attempt {
        unsafe swift_statx(
          rawValue, path, flags | AT_SYMLINK_NOFOLLOW | swift_at_no_automount, mask, &status)
      }
    }
    return FileStatus(status)
  }
}

extension FileStatus {
  /// What fstat(2) tells.
  @inline(__always)
  init(_ status: stat) {
    mode = status.st_mode
    linkCount = UInt32(truncatingIfNeeded: status.st_nlink)
    uid = status.st_uid
    gid = status.st_gid
    inode = UInt64(status.st_ino)
    size = UInt64(bitPattern: Int64(status.st_size))
    blocks = UInt64(bitPattern: Int64(status.st_blocks))
    blockByteCount = UInt32(truncatingIfNeeded: status.st_blksize)
    attributes = 0
    device = DeviceNumber(encoded: UInt32(truncatingIfNeeded: status.st_dev))
    specialDevice = DeviceNumber(encoded: UInt32(truncatingIfNeeded: status.st_rdev))
    mountID = 0
    isMountIDUnique = false
    accessTime = Timestamp(status.st_atim)
    modificationTime = Timestamp(status.st_mtim)
    changeTime = Timestamp(status.st_ctim)
    birthTime = nil
  }

  init(_ status: CLinux.statx) {
    mode = UInt32(status.stx_mode)
    linkCount = status.stx_nlink
    uid = status.stx_uid
    gid = status.stx_gid
    inode = status.stx_ino
    size = status.stx_size
    blocks = status.stx_blocks
    blockByteCount = status.stx_blksize
    attributes = status.stx_attributes
    device = DeviceNumber(major: status.stx_dev_major, minor: status.stx_dev_minor)
    specialDevice = DeviceNumber(major: status.stx_rdev_major, minor: status.stx_rdev_minor)
    isMountIDUnique = status.stx_mask & swift_statx_mnt_id_unique != 0
    let hasMountID = isMountIDUnique || status.stx_mask & swift_statx_mnt_id != 0
    mountID = hasMountID ? status.stx_mnt_id : 0
    accessTime = Timestamp(status.stx_atime)
    modificationTime = Timestamp(status.stx_mtime)
    changeTime = Timestamp(status.stx_ctime)
    let hasBirthTime = status.stx_mask & swift_statx_btime != 0
    birthTime = hasBirthTime ? Timestamp(status.stx_btime) : nil
  }
}
