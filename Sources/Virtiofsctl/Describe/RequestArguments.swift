internal import FuseProtocol
internal import Trace

/// The arguments of a request while they are being read.
struct RequestArguments {
  /// What was read so far.
  var list: FieldList
  let record: TraceRecord
  let header: InHeader
  let context: DescriptionContext

  init(_ record: TraceRecord, _ header: InHeader, _ context: DescriptionContext) {
    list = FieldList(isDetailed: context.isDetailed)
    self.record = record
    self.header = header
    self.context = context
  }

  /// Reads the arguments of an operation.
  ///
  /// - Throws: What is wrong with them; what was read before stays in the list.
  mutating func read(
    _ opcode: Opcode, _ body: inout MessageReader
  ) throws(DecodingError) {
    switch opcode {
    case .lookup, .unlink, .rmdir, .removexattr: list.add("name", .name(try body.readName()))
    case .forget: list.add("nlookup", try body.read(ForgetIn.self).lookups)
    case .batchForget: try batchForget(&body)
    case .getattr: try getattr(&body)
    case .setattr: try setattr(&body)
    case .readlink, .statfs, .destroy: break
    case .syncfs: _ = try body.read(SyncfsIn.self)
    case .symlink: try symlink(&body)
    case .mknod: try mknod(&body)
    case .mkdir: try mkdir(&body)
    case .rename: try rename(&body)
    case .rename2: try rename2(&body)
    case .link: try link(&body)
    case .open, .opendir: try open(&body)
    case .read, .readdir, .readdirplus: try readData(&body)
    case .write: try write(&body)
    case .release, .releasedir: try release(&body)
    case .fsync, .fsyncdir: try fsync(&body)
    case .setxattr: try setxattr(&body)
    case .getxattr: try getxattr(&body)
    case .listxattr: list.add("size", try body.read(GetxattrIn.self).byteCount)
    case .flush: try flush(&body)
    case .`init`: try initialize(&body)
    case .getlk, .setlk, .setlkw: try lock(&body)
    case .access: try access(&body)
    case .create: try create(&body)
    case .interrupt: list.add("interrupts", try body.read(InterruptIn.self).unique)
    case .bmap: try bmap(&body)
    case .ioctl: try ioctl(&body)
    case .poll: try poll(&body)
    case .notifyReply: try notifyReply(&body)
    case .fallocate: try fallocate(&body)
    case .lseek: try lseek(&body)
    case .copyFileRange, .copyFileRange64: try copyFileRange(&body)
    case .setupMapping: try setupMapping(&body)
    case .removeMapping: try removeMapping(&body)
    case .tmpfile: try tmpfile(&body)
    case .statx: try statx(&body)
    case .cuseInit: try cuseInit(&body)
    }
  }

  /// The flags of `open`.
  mutating func addOpenFlags(_ flags: UInt32) {
    list.add("flags", .flags(FlagTable.openFlagNames(flags)))
  }
}
