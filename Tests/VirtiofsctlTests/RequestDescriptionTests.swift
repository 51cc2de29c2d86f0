import FuseProtocol
import Testing
import Trace

@testable import Virtiofsctl

/// A request and the line that describes it.
private struct Sample: CustomTestStringConvertible, Sendable {
  let opcode: Opcode
  let arguments: Wire
  let text: String
  var testDescription: String { text }

  init(_ opcode: Opcode, _ arguments: Wire, _ text: String) {
    self.opcode = opcode
    self.arguments = arguments
    self.text = text
  }
}

private let node5 = NodeID(rawValue: 5)

private let entrySamples = [
  Sample(.lookup, .name("etc"), #"LOOKUP node=1 name="etc""#),
  Sample(.forget, .value(ForgetIn(lookups: 3)), "FORGET node=1 nlookup=3"),
  Sample(
    .batchForget, Wire(.value(BatchForgetIn(count: 2)), .longs(7, 1, 8, 2)),
    "BATCH_FORGET node=1 count=2"),
  Sample(.getattr, .value(GetattrIn()), "GETATTR node=1"),
  Sample(.getattr, .value(GetattrIn(flags: .handle, handle: 9)), "GETATTR node=1 fh=9"),
  Sample(
    .setattr, .value(SetattrIn(valid: [.mode, .size, .mtimeNow], size: 5, mode: 0o600)),
    "SETATTR node=1 valid=FATTR_MODE|FATTR_SIZE|FATTR_MTIME_NOW mode=0600 size=5"),
  Sample(.readlink, Wire(), "READLINK node=1"),
  Sample(.symlink, Wire(.name("l"), .name("/a b")), #"SYMLINK node=1 name="l" target="/a b""#),
  Sample(
    .mknod, Wire(.value(MknodIn(mode: 0o20644, device: 0x103)), .name("n")),
    #"MKNOD node=1 name="n" mode=020644 rdev=1:3"#),
  Sample(
    .mkdir, Wire(.value(MkdirIn(mode: 0o755)), .name("d")), #"MKDIR node=1 name="d" mode=0755"#),
  Sample(.unlink, .name("f"), #"UNLINK node=1 name="f""#),
  Sample(.rmdir, .name("d"), #"RMDIR node=1 name="d""#),
  Sample(
    .rename, Wire(.value(RenameIn(newParent: node5)), .name("a"), .name("b")),
    #"RENAME node=1 name="a" newdir=5 newname="b""#),
  Sample(
    .rename2, Wire(.value(Rename2In(newParent: node5, flags: 3)), .name("a"), .name("b")),
    #"RENAME2 node=1 name="a" newdir=5 newname="b" flags=RENAME_NOREPLACE|RENAME_EXCHANGE"#),
  Sample(
    .link, Wire(.value(LinkIn(node: node5)), .name("b")), #"LINK node=1 oldnode=5 newname="b""#),
  Sample(.access, .value(AccessIn(mask: 5)), "ACCESS node=1 mask=R_OK|X_OK"),
  Sample(
    .create, Wire(.value(CreateIn(flags: 0o102, mode: 0o100644, umask: 0o22)), .name("f")),
    #"CREATE node=1 name="f" flags=O_RDWR|O_CREAT mode=0100644"#),
  Sample(
    .tmpfile, Wire(.value(CreateIn(flags: 2, mode: 0o600)), .name("/")),
    "TMPFILE node=1 flags=O_RDWR mode=0600"),
]

private let fileSamples = [
  Sample(
    .open, .value(OpenIn(flags: 0o2001, openFlags: .killSetID)),
    "OPEN node=1 flags=O_WRONLY|O_APPEND open_flags=OPEN_KILL_SUIDGID"),
  Sample(.opendir, .value(OpenIn()), "OPENDIR node=1 flags=O_RDONLY"),
  Sample(
    .read, .value(ReadIn(handle: 3, offset: 4096, byteCount: 512)),
    "READ node=1 fh=3 offset=4096 size=512"),
  Sample(
    .readdir, .value(ReadIn(handle: 3, byteCount: 4096)), "READDIR node=1 fh=3 offset=0 size=4096"),
  Sample(
    .readdirplus, .value(ReadIn(handle: 3, offset: .max, byteCount: 1)),
    "READDIRPLUS node=1 fh=3 offset=18446744073709551615 size=1"),
  Sample(.release, .value(ReleaseIn(handle: 4)), "RELEASE node=1 fh=4"),
  Sample(
    .releasedir, .value(ReleaseIn(handle: 4, releaseFlags: .flockUnlock)),
    "RELEASEDIR node=1 fh=4 release_flags=RELEASE_FLOCK_UNLOCK"),
  Sample(
    .fsync, .value(FsyncIn(handle: 4, flags: .dataOnly)),
    "FSYNC node=1 fh=4 fsync_flags=FSYNC_FDATASYNC"),
  Sample(.fsyncdir, .value(FsyncIn(handle: 4)), "FSYNCDIR node=1 fh=4"),
  Sample(.flush, .value(FlushIn(handle: 4)), "FLUSH node=1 fh=4"),
  Sample(
    .fallocate, .value(FallocateIn(handle: 4, offset: 1, byteCount: 2, mode: 3)),
    "FALLOCATE node=1 fh=4 offset=1 length=2 mode=FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE"),
  Sample(
    .lseek, .value(LseekIn(handle: 4, offset: 1, whence: 4)),
    "LSEEK node=1 fh=4 offset=1 whence=SEEK_HOLE"),
  Sample(
    .copyFileRange, .value(copy),
    "COPY_FILE_RANGE node=1 fh_in=1 off_in=2 node_out=5 fh_out=3 off_out=4 len=6"),
  Sample(
    .copyFileRange64, .value(copy),
    "COPY_FILE_RANGE_64 node=1 fh_in=1 off_in=2 node_out=5 fh_out=3 off_out=4 len=6"),
  Sample(.statfs, Wire(), "STATFS node=1"),
  Sample(.syncfs, .value(SyncfsIn()), "SYNCFS node=1"),
]

private let copy = CopyFileRangeIn(
  sourceHandle: 1, sourceOffset: 2, destinationNode: node5, destinationHandle: 3,
  destinationOffset: 4, byteCount: 6)

private let otherSamples = [
  Sample(
    .setxattr, Wire(.value(SetxattrInCompat(byteCount: 2, flags: 1)), .name("user.a"), .name("v")),
    #"SETXATTR node=1 name="user.a" flags=XATTR_CREATE size=2 value="v\x00""#),
  Sample(
    .setxattr,
    Wire(.value(SetxattrIn(byteCount: 1, extendedFlags: 1)), .name("user.a"), Wire(bytes: [65])),
    #"SETXATTR node=1 name="user.a" setxattr_flags=SETXATTR_ACL_KILL_SGID size=1 value="A""#),
  Sample(
    .getxattr, Wire(.value(GetxattrIn(byteCount: 64)), .name("user.a")),
    #"GETXATTR node=1 name="user.a" size=64"#),
  Sample(.listxattr, .value(GetxattrIn()), "LISTXATTR node=1 size=0"),
  Sample(.removexattr, .name("user.a"), #"REMOVEXATTR node=1 name="user.a""#),
  Sample(
    .`init`, .value(InitIn(major: 7, minor: 38, flagsLow: 1 << 30 | 1, flagsHigh: 1)),
    "INIT node=1 version=7.38 max_readahead=0 flags=ASYNC_READ|INIT_EXT|SECURITY_CTX"),
  Sample(
    .`init`, .value(InitInCompat(major: 7, minor: 27, maximumReadahead: 4096, flagsLow: 1 << 17)),
    "INIT node=1 version=7.27 max_readahead=4096 flags=NO_OPEN_SUPPORT"),
  Sample(.destroy, Wire(), "DESTROY node=1"),
  Sample(.interrupt, .value(InterruptIn(unique: 8)), "INTERRUPT node=1 interrupts=8"),
  Sample(
    .getlk, lock, "GETLK node=1 fh=3 owner=0x0000000000000011 start=0 end=EOF type=F_WRLCK pid=9"),
  Sample(
    .setlk, lock, "SETLK node=1 fh=3 owner=0x0000000000000011 start=0 end=EOF type=F_WRLCK pid=9"),
  Sample(
    .setlkw, lock,
    "SETLKW node=1 fh=3 owner=0x0000000000000011 start=0 end=EOF type=F_WRLCK pid=9"),
  Sample(.bmap, Wire(.longs(5), .words(512, 0)), "BMAP node=1 block=5 blocksize=512"),
  Sample(
    .ioctl, Wire(.longs(3), .words(0, 0x5401), .longs(16), .words(2, 0), Wire(bytes: [65, 66])),
    #"IOCTL node=1 fh=3 cmd=0x5401 arg=0x0000000000000010 in_size=2 out_size=0 data="AB""#),
  Sample(
    .poll, Wire(.longs(3, 4), .words(1, 5)),
    "POLL node=1 fh=3 kh=4 poll_flags=POLL_SCHEDULE_NOTIFY events=0x5"),
  Sample(
    .notifyReply, Wire(.longs(0, 7), .words(2, 0), .longs(0, 0), Wire(bytes: [65, 66])),
    #"NOTIFY_REPLY node=1 offset=7 size=2 data="AB""#),
  Sample(
    .setupMapping, .longs(3, 4096, 8192, 2, 0),
    "SETUPMAPPING node=1 fh=3 foffset=4096 len=8192 moffset=0 flags=SETUPMAPPING_READ"),
  Sample(.removeMapping, Wire(.words(1), .longs(1, 2)), "REMOVEMAPPING node=1 count=1"),
  Sample(
    .statx, Wire(.words(1, 0), .longs(4), .words(0x4000, 0xfff)),
    "STATX node=1 fh=4 sx_flags=0x4000 sx_mask=0xfff"),
  Sample(
    .cuseInit, .words(7, 38, 0, 1), "CUSE_INIT node=1 version=7.38 flags=CUSE_UNRESTRICTED_IOCTL"),
]

private let lock = Wire(.longs(3, 17, 0, UInt64(Int64.max)), .words(1, 9, 0, 0))

@Suite struct RequestDescriptionTests {
  @Test(arguments: entrySamples + fileSamples + otherSamples)
  fileprivate func aRequestIsDescribed(_ sample: Sample) {
    #expect(text(request(sample.opcode, sample.arguments)) == sample.text)
  }

  @Test func everyOpcodeIsDescribed() {
    let described = Set((entrySamples + fileSamples + otherSamples).map(\.opcode))
    #expect(described.union([.write]) == Set(Opcode.allCases))
  }

  @Test(arguments: entrySamples + fileSamples + otherSamples)
  fileprivate func everyShorterRequestSaysThatItIsCut(_ sample: Sample) {
    for count in 0..<40 {
      var record = request(sample.opcode, sample.arguments)
      record.message = Array(record.message.prefix(count))
      #expect(text(record) == "? [\(count) bytes, less than a header]")
    }
    for count in 0..<sample.arguments.bytes.count {
      var record = request(sample.opcode, sample.arguments)
      record.message = Array(record.message.prefix(40 + count))
      let description = RequestDescription(record, DescriptionContext())
      #expect(description.fault != nil, "\(count): \(description.text)")
    }
  }

  @Test func aWriteTellsItsData() {
    let arguments = Wire.value(WriteIn(handle: 3, offset: 8, byteCount: 5, writeFlags: .cache))
    let record = request(.write, arguments).withData([65, 66], of: 5)
    #expect(
      text(record) == "WRITE node=1 fh=3 offset=8 size=5 digest=0x0000000000000abc "
        + "write_flags=WRITE_CACHE")
    let other = request(.write, arguments).withData([65, 66])
    #expect(text(other).contains("size=5 data=2 "))
    let undigested = request(.write, arguments).withData([65], of: 5, digest: 0)
    #expect(text(undigested) == "WRITE node=1 fh=3 offset=8 size=5 write_flags=WRITE_CACHE")
  }

  @Test func namesCannotPlayWithTheTerminal() {
    let bytes: [UInt8] = [0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x5c, 0x22, 0xc3, 0xa4, 0xe2, 0x80, 0xae]
    let record = request(.lookup, Wire(bytes: bytes + [0xc3, 0x28, 0]))
    #expect(
      text(record) == #"LOOKUP node=1 name="\x1b[2J\xff\\\""# + "\u{e4}" + #"\u{202e}\xc3(""#)
  }

  @Test func theLayoutOfSetxattrIsWhatInitAgreedOn() {
    let long = request(
      .setxattr, Wire(.value(SetxattrIn(byteCount: 1)), .name("a"), Wire(bytes: [66])))
    #expect(text(long, flags: .setxattrExtension) == #"SETXATTR node=1 name="a" size=1 value="B""#)
    #expect(text(long, flags: []).hasSuffix("bytes left over]"))
  }

  @Test func extensionsAreRead() {
    let groups = Wire(.words(16, 32), .words(1, 100))
    let record = request(
      .mkdir, Wire(.value(MkdirIn(mode: 0o755)), .name("d"), groups), extensionWords: 2)
    let description = RequestDescription(record, DescriptionContext(isDetailed: true))
    #expect(description.fault == nil)
    #expect(
      description.arguments.contains(
        Field(name: "groups", value: .word("100"), isDetail: true)))
    let context = Wire(.words(24, 1), .words(2, 0), .name("s"), Wire(bytes: [65, 66, 0, 0, 0, 0]))
    let old = request(.mkdir, Wire(.value(MkdirIn(mode: 0o755)), .name("d"), context))
    let security = RequestDescription(
      old, DescriptionContext(flags: .securityContext, isDetailed: true))
    #expect(security.fault == nil)
    #expect(security.arguments.contains { $0.name == "secctx" })
  }

  @Test func whatDoesNotAgreeIsSaid() {
    #expect(text(request(number: 4242, .longs(1))).hasPrefix("OPCODE_4242 node=1 arguments="))
    #expect(
      text(request(.lookup, Wire(.name("a"), .words(1))))
        == #"LOOKUP node=1 name="a" [4 bytes left over]"#)
    var record = request(.readlink)
    record.readableByteCount = 99
    #expect(text(record) == "READLINK node=1 [len is 40, the chain has 99]")
    let forgets = request(.batchForget, .value(BatchForgetIn(count: .max)))
    #expect(text(forgets) == "BATCH_FORGET node=1 count=4294967295 [a count that is too large]")
  }

  @Test func opcodesAreFoundByName() {
    for opcode in Opcode.allCases {
      #expect(Opcode.number(named: opcode.kernelName) == opcode.rawValue)
      #expect(Opcode.number(named: "fuse_" + opcode.kernelName.lowercased()) == opcode.rawValue)
    }
    #expect(Opcode.number(named: "4242") == 4242)
    #expect(Opcode.number(named: Opcode.kernelName(of: 4242)) == 4242)
    #expect(Opcode.number(named: "LOOK") == nil)
  }
}
