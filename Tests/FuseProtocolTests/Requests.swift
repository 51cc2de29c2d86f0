import FuseProtocol
import Testing

/// A request that decodes, and would not with a byte less.
struct Request: CustomTestStringConvertible, Sendable {
  var opcode: Opcode
  var body: Wire
  var flags: InitFlags = []
  var testDescription: String { "\(opcode) \(flags.rawValue)" }

  /// One of each opcode, and of each form that its arguments have.
  static let all: [Request] = [
    Request(opcode: .lookup, body: .name("file")),
    Request(opcode: .forget, body: .value(ForgetIn(lookups: 3))),
    Request(opcode: .getattr, body: .value(GetattrIn(handle: 1))),
    Request(opcode: .setattr, body: .value(SetattrIn(valid: .mode))),
    Request(opcode: .readlink, body: Wire()),
    Request(opcode: .symlink, body: Wire(.name("link"), .name("target/of/it"))),
    Request(opcode: .mknod, body: Wire(.value(MknodIn(mode: 0o600)), .name("node"))),
    Request(opcode: .mkdir, body: Wire(.value(MkdirIn(mode: 0o700)), .name("directory"))),
    Request(opcode: .unlink, body: .name("file")),
    Request(opcode: .rmdir, body: .name("directory")),
    Request(opcode: .rename, body: Wire(.value(RenameIn()), .name("old"), .name("new"))),
    Request(opcode: .rename2, body: Wire(.value(Rename2In()), .name("old"), .name("new"))),
    Request(opcode: .link, body: Wire(.value(LinkIn()), .name("name"))),
    Request(opcode: .open, body: .value(OpenIn())),
    Request(opcode: .read, body: .value(ReadIn())),
    Request(opcode: .write, body: .value(WriteIn())),
    Request(opcode: .statfs, body: Wire()),
    Request(opcode: .release, body: .value(ReleaseIn())),
    Request(opcode: .fsync, body: .value(FsyncIn())),
    Request(
      opcode: .setxattr,
      body: Wire(.value(SetxattrInCompat(byteCount: 5)), .name("user.a"), .filler(5))),
    Request(
      opcode: .setxattr,
      body: Wire(.value(SetxattrIn(byteCount: 5)), .name("user.a"), .filler(5)),
      flags: .setxattrExtension),
    Request(opcode: .getxattr, body: Wire(.value(GetxattrIn()), .name("user.a"))),
    Request(opcode: .listxattr, body: .value(GetxattrIn())),
    Request(opcode: .removexattr, body: .name("user.a")),
    Request(opcode: .flush, body: .value(FlushIn())),
    Request(opcode: .`init`, body: .value(InitInCompat())),
    Request(opcode: .opendir, body: .value(OpenIn())),
    Request(opcode: .readdir, body: .value(ReadIn())),
    Request(opcode: .releasedir, body: .value(ReleaseIn())),
    Request(opcode: .fsyncdir, body: .value(FsyncIn())),
    Request(opcode: .getlk, body: Wire()),
    Request(opcode: .setlk, body: Wire()),
    Request(opcode: .setlkw, body: Wire()),
    Request(opcode: .access, body: .value(AccessIn())),
    Request(opcode: .create, body: Wire(.value(CreateIn()), .name("file"))),
    Request(opcode: .interrupt, body: .value(InterruptIn())),
    Request(opcode: .bmap, body: Wire()),
    Request(opcode: .destroy, body: Wire()),
    Request(opcode: .ioctl, body: Wire()),
    Request(opcode: .poll, body: Wire()),
    Request(opcode: .notifyReply, body: Wire()),
    Request(
      opcode: .batchForget,
      body: Wire(
        .value(BatchForgetIn(count: 2)), .value(ForgetOne(node: .root, lookups: 1)),
        .value(ForgetOne(node: .root, lookups: 2)))),
    Request(opcode: .fallocate, body: .value(FallocateIn())),
    Request(opcode: .readdirplus, body: .value(ReadIn())),
    Request(opcode: .lseek, body: .value(LseekIn())),
    Request(opcode: .copyFileRange, body: .value(CopyFileRangeIn())),
    Request(opcode: .setupMapping, body: Wire()),
    Request(opcode: .removeMapping, body: Wire()),
    Request(opcode: .syncfs, body: .value(SyncfsIn())),
    Request(opcode: .tmpfile, body: Wire(.value(CreateIn()), .name("/"))),
    Request(opcode: .statx, body: Wire()),
    Request(opcode: .copyFileRange64, body: .value(CopyFileRangeIn())),
    Request(opcode: .cuseInit, body: Wire()),
  ]
}
