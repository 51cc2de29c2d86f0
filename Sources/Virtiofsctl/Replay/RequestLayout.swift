internal import FuseProtocol

/// Where the arguments of an operation name nodes, handles and entries.
///
/// Offsets are in bytes from the end of the request's header.
struct RequestLayout: Equatable, Sendable {
  /// How long the structure before the names is.
  var structureByteCount = 0
  /// How many names follow it.
  var nameCount = 0
  /// Where the handle stands.
  var handle: Int?
  /// Which bits of the first word say that the handle counts; 0 if it always does.
  var handleMask: UInt32 = 0
  /// Whether the handle is a directory's.
  var isDirectory = false
  /// Where another node stands, beside the one in the header.
  var otherNode: Int?
  /// Where another file's handle stands.
  var otherHandle: Int?

  /// Operations on an open file.
  static func file(_ structure: Int, mask: UInt32 = 0, at handle: Int = 0) -> RequestLayout {
    RequestLayout(structureByteCount: structure, handle: handle, handleMask: mask)
  }

  /// Operations on an open directory.
  static func directory(_ structure: Int) -> RequestLayout {
    RequestLayout(structureByteCount: structure, handle: 0, isDirectory: true)
  }

  /// A structure and names after it.
  static func names(_ count: Int, after structure: Int = 0) -> RequestLayout {
    RequestLayout(structureByteCount: structure, nameCount: count)
  }
}

extension Opcode {
  /// Where the arguments name things.
  ///
  /// - Parameter isSetxattrExtended: Whether SETXATTR begins with all of `SetxattrIn`.
  func layout(isSetxattrExtended: Bool) -> RequestLayout {
    switch self {
    case .lookup, .unlink, .rmdir, .removexattr: .names(1)
    case .symlink: .names(2)
    case .mknod: .names(1, after: MemoryLayout<MknodIn>.size)
    case .mkdir: .names(1, after: MemoryLayout<MkdirIn>.size)
    case .create, .tmpfile: .names(1, after: MemoryLayout<CreateIn>.size)
    case .getxattr: .names(1, after: MemoryLayout<GetxattrIn>.size)
    case .setxattr:
      .names(
        1,
        after: isSetxattrExtended
          ? MemoryLayout<SetxattrIn>.size : MemoryLayout<SetxattrInCompat>.size)
    case .link: RequestLayout(structureByteCount: 8, nameCount: 1, otherNode: 0)
    case .rename: RequestLayout(structureByteCount: 8, nameCount: 2, otherNode: 0)
    case .rename2:
      RequestLayout(
        structureByteCount: MemoryLayout<Rename2In>.size, nameCount: 2, otherNode: 0)
    case .getattr: .file(MemoryLayout<GetattrIn>.size, mask: 1, at: 8)
    case .setattr: .file(MemoryLayout<SetattrIn>.size, mask: 1 << 6, at: 8)
    case .statx: .file(24, mask: 1, at: 8)
    case .read: .file(MemoryLayout<ReadIn>.size)
    case .write: .file(MemoryLayout<WriteIn>.size)
    case .release: .file(MemoryLayout<ReleaseIn>.size)
    case .flush: .file(MemoryLayout<FlushIn>.size)
    case .fsync: .file(MemoryLayout<FsyncIn>.size)
    case .fallocate: .file(MemoryLayout<FallocateIn>.size)
    case .lseek: .file(MemoryLayout<LseekIn>.size)
    case .getlk, .setlk, .setlkw: .file(48)
    case .ioctl: .file(32)
    case .poll: .file(24)
    case .readdir, .readdirplus: .directory(MemoryLayout<ReadIn>.size)
    case .releasedir: .directory(MemoryLayout<ReleaseIn>.size)
    case .fsyncdir: .directory(MemoryLayout<FsyncIn>.size)
    case .copyFileRange, .copyFileRange64:
      RequestLayout(
        structureByteCount: MemoryLayout<CopyFileRangeIn>.size, handle: 0, otherNode: 16,
        otherHandle: 24)
    case .forget, .readlink, .open, .opendir, .statfs, .listxattr, .`init`, .access, .interrupt,
      .bmap, .destroy, .notifyReply, .batchForget, .setupMapping, .removeMapping, .syncfs,
      .cuseInit:
      RequestLayout()
    }
  }
}
