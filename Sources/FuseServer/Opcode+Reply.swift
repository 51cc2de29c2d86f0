internal import FuseProtocol

extension Opcode {
  /// How many bytes follow the header of every good reply; nil if there is no reply at all.
  ///
  /// What is longer depends on the arguments and is checked when they are known.
  var fixedReplyByteCount: Int? {
    switch self {
    case .forget, .batchForget, .interrupt: nil
    case .lookup, .symlink, .mknod, .mkdir, .link: MemoryLayout<EntryOut>.size
    case .getattr, .setattr: MemoryLayout<AttrOut>.size
    case .open, .opendir: MemoryLayout<OpenOut>.size
    case .create, .tmpfile: MemoryLayout<CreateOut>.size
    case .write, .copyFileRange: MemoryLayout<WriteOut>.size
    case .copyFileRange64: MemoryLayout<CopyFileRangeOut>.size
    case .statfs: MemoryLayout<KStatfs>.size
    case .`init`: MemoryLayout<InitOut>.size
    case .lseek: MemoryLayout<LseekOut>.size
    case .readlink, .read, .readdir, .readdirplus, .getxattr, .listxattr, .setxattr, .removexattr,
      .unlink, .rmdir, .rename, .rename2, .release, .releasedir, .fsync, .fsyncdir, .flush, .access,
      .destroy, .fallocate, .syncfs:
      0
    case .getlk, .setlk, .setlkw, .bmap, .ioctl, .poll, .notifyReply, .setupMapping, .removeMapping,
      .statx, .cuseInit:
      0
    }
  }
}
