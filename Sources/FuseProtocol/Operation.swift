/// What a request asks for, decoded and checked; borrowed from the request's private bytes.
///
/// Which node it is about stands in the header; the names of entries have passed `checkEntry`.
package enum Operation: ~Escapable {
  /// A name that may be "." or "..": only an exported file system finds those.
  case lookup(Name)
  case forget(lookups: UInt64)
  /// So many `ForgetOne`.
  case batchForget(count: Int, records: RawSpan)
  case getattr(GetattrIn)
  case setattr(SetattrIn)
  case readlink
  case symlink(Name, target: Name, Creator)
  case mknod(MknodIn, Name, Creator)
  case mkdir(MkdirIn, Name, Creator)
  case unlink(Name)
  case rmdir(Name)
  /// RENAME, with no flags, and RENAME2.
  case rename(Name, to: Name, in: NodeID, flags: UInt32, Creator)
  case link(LinkIn, Name)
  case open(OpenIn)
  case read(ReadIn)
  /// The data is not part of what is decoded.
  case write(WriteIn)
  case statfs
  case release(ReleaseIn)
  case fsync(FsyncIn)
  case setxattr(SetxattrIn, Name, value: RawSpan)
  case getxattr(GetxattrIn, Name)
  case listxattr(GetxattrIn)
  case removexattr(Name)
  case flush(FlushIn)
  case initialize(InitIn)
  case opendir(OpenIn)
  case readdir(ReadIn, plus: Bool)
  case releasedir(ReleaseIn)
  case fsyncdir(FsyncIn)
  case access(AccessIn)
  case create(CreateIn, Name, Creator)
  case tmpfile(CreateIn, Creator)
  case interrupt(InterruptIn)
  case destroy
  case ioctl
  case fallocate(FallocateIn)
  case lseek(LseekIn)
  /// COPY_FILE_RANGE, or COPY_FILE_RANGE_64 if the reply is wide.
  case copyFileRange(CopyFileRangeIn, wideReply: Bool)
  case syncfs
  /// Locks, mappings and others whose arguments nobody here looks at.
  case unserved
}
