internal import FuseProtocol

extension Opcode {
  /// The name in the kernel's header, without `FUSE_`: `READDIRPLUS`.
  var kernelName: String {
    switch self {
    case .lookup: "LOOKUP"
    case .forget: "FORGET"
    case .getattr: "GETATTR"
    case .setattr: "SETATTR"
    case .readlink: "READLINK"
    case .symlink: "SYMLINK"
    case .mknod: "MKNOD"
    case .mkdir: "MKDIR"
    case .unlink: "UNLINK"
    case .rmdir: "RMDIR"
    case .rename: "RENAME"
    case .link: "LINK"
    case .open: "OPEN"
    case .read: "READ"
    case .write: "WRITE"
    case .statfs: "STATFS"
    case .release: "RELEASE"
    case .fsync: "FSYNC"
    case .setxattr: "SETXATTR"
    case .getxattr: "GETXATTR"
    case .listxattr: "LISTXATTR"
    case .removexattr: "REMOVEXATTR"
    case .flush: "FLUSH"
    case .`init`: "INIT"
    case .opendir: "OPENDIR"
    case .readdir: "READDIR"
    case .releasedir: "RELEASEDIR"
    case .fsyncdir: "FSYNCDIR"
    case .getlk: "GETLK"
    case .setlk: "SETLK"
    case .setlkw: "SETLKW"
    case .access: "ACCESS"
    case .create: "CREATE"
    case .interrupt: "INTERRUPT"
    case .bmap: "BMAP"
    case .destroy: "DESTROY"
    case .ioctl: "IOCTL"
    case .poll: "POLL"
    case .notifyReply: "NOTIFY_REPLY"
    case .batchForget: "BATCH_FORGET"
    case .fallocate: "FALLOCATE"
    case .readdirplus: "READDIRPLUS"
    case .rename2: "RENAME2"
    case .lseek: "LSEEK"
    case .copyFileRange: "COPY_FILE_RANGE"
    case .setupMapping: "SETUPMAPPING"
    case .removeMapping: "REMOVEMAPPING"
    case .syncfs: "SYNCFS"
    case .tmpfile: "TMPFILE"
    case .statx: "STATX"
    case .copyFileRange64: "COPY_FILE_RANGE_64"
    case .cuseInit: "CUSE_INIT"
    }
  }

  /// Whether a server answers with nothing at all: the chain comes back empty.
  var hasNoReply: Bool {
    self == .forget || self == .batchForget || self == .interrupt
  }

  /// The kernel's name of an operation, or `OPCODE_` and its number.
  static func kernelName(of number: UInt32) -> String {
    Opcode(rawValue: number)?.kernelName ?? "OPCODE_\(number)"
  }

  /// The number of the operation that `text` names: as the kernel does, with or without `FUSE_`,
  /// in letters of either case, or by its number. Nil for none.
  static func number(named text: String) -> UInt32? {
    if let number = UInt32(text) { return number }
    let upper = text.uppercased()
    let name = upper.hasPrefix("FUSE_") ? String(upper.dropFirst(5)) : upper
    if name.hasPrefix("OPCODE_") { return UInt32(name.dropFirst(7)) }
    return allCases.first { $0.kernelName == name }?.rawValue
  }
}
