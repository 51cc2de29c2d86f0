import FuseProtocol
import TestSupport
import Testing
import Trace

@testable import Virtiofsctl

/// A reply to an operation and the line that describes it.
private struct Sample: CustomTestStringConvertible, Sendable {
  let opcodes: [Opcode]
  let arguments: Wire
  let answer: Wire
  let text: String
  var testDescription: String { text }

  init(_ opcodes: [Opcode], arguments: Wire = Wire(), _ answer: Wire, _ text: String) {
    self.opcodes = opcodes
    self.arguments = arguments
    self.answer = answer
    self.text = text
  }
}

private let attr = Attr(ino: 9, size: 12, mode: 0o100644, linkCount: 1)
private let entry = EntryOut(node: NodeID(rawValue: 5), attr: attr)

/// A directory's record, with its padding.
private func record(_ name: String, plus: Bool = false) -> Wire {
  let dirent = Dirent(ino: 3, offset: 1, nameByteCount: UInt32(name.utf8.count), type: 4)
  let padding = Wire(bytes: Array(repeating: 0, count: (8 - name.utf8.count % 8) % 8))
  let start = plus ? Wire.value(entry) : Wire()
  return Wire(start, .value(dirent), Wire(bytes: Array(name.utf8)), padding)
}

private let samples = [
  Sample(
    [.lookup, .symlink, .mknod, .mkdir, .link], .value(entry), "node=5 mode=0100644 size=12"),
  Sample([.lookup], .value(EntryOut()), "node=0 entry=none"),
  Sample([.getattr, .setattr], .value(AttrOut(attr: attr)), "mode=0100644 size=12"),
  Sample(
    [.open, .opendir], .value(OpenOut(handle: 7, flags: [.keepCache, .noFlush])),
    "fh=7 fopen=FOPEN_KEEP_CACHE|FOPEN_NOFLUSH"),
  Sample(
    [.create, .tmpfile], .value(CreateOut(entry: entry, open: OpenOut(handle: 7))),
    "node=5 mode=0100644 size=12 fh=7"),
  Sample([.write, .copyFileRange], .value(WriteOut(byteCount: 100)), "size=100"),
  Sample([.copyFileRange64], .value(CopyFileRangeOut(byteCount: 1 << 40)), "size=1099511627776"),
  Sample(
    [.statfs], .value(KStatfs(blocks: 9, freeBlocks: 8, availableBlocks: 7, fragmentSize: 4096)),
    "blocks=9 bfree=8 bavail=7 frsize=4096"),
  Sample(
    [.`init`],
    .value(InitOut(major: 7, minor: 38, maximumReadahead: 1, flagsLow: 1, maximumWrite: 2)),
    "version=7.38 max_readahead=1 max_write=2 flags=ASYNC_READ"),
  Sample([.lseek], .value(LseekOut(offset: 4096)), "offset=4096"),
  Sample([.readlink], Wire(bytes: Array("../a".utf8)), #"target="../a""#),
  Sample([.read], Wire(), "data=0"),
  Sample(
    [.readdir], Wire(record("."), record(".."), record("a"), record("directory")),
    #"entries=4 names=".","..","a",..."#),
  Sample([.readdirplus], Wire(record("a", plus: true)), #"entries=1 names="a""#),
  Sample([.readdir, .readdirplus], Wire(), "entries=0"),
  Sample(
    [.getxattr, .listxattr], arguments: Wire(.value(GetxattrIn()), .name("a")),
    .value(GetxattrOut(byteCount: 12)), "size=12"),
  Sample(
    [.getxattr], arguments: Wire(.value(GetxattrIn(byteCount: 9)), .name("a")),
    Wire(bytes: [65, 0]), #"size=2 value="A\x00""#),
  Sample(
    [.listxattr], arguments: .value(GetxattrIn(byteCount: 9)), Wire(.name("u.a"), .name("u.b")),
    #"size=8 names="u.a","u.b""#),
  Sample([.getlk], Wire(.longs(1, 2), .words(2, 0)), "start=1 end=2 type=F_UNLCK pid=0"),
  Sample([.bmap], .longs(8), "block=8"),
  Sample([.ioctl], Wire(.words(.max, 0, 0, 0), Wire(bytes: [65])), #"result=-1 data="A""#),
  Sample([.poll], .words(5, 0), "revents=0x5"),
  Sample([.statx], statx, "mode=0100644 size=12"),
  Sample(
    [.cuseInit], Wire(.words(7, 38, 0, 0, 4096, 8192, 10, 3), .longs(0, 0, 0, 0, 0)),
    "version=7.38 flags=0 max_read=4096 max_write=8192 dev=10:3"),
  Sample(
    [
      .setxattr, .removexattr, .unlink, .rmdir, .rename, .rename2, .release, .releasedir, .fsync,
      .fsyncdir, .flush, .access, .destroy, .fallocate, .syncfs, .setlk, .setlkw, .notifyReply,
      .setupMapping, .removeMapping, .forget, .batchForget, .interrupt,
    ], Wire(), "ok"),
]

/// `fuse_statx_out`: the validity, then the status with mode and size.
private let statx = Wire(
  .longs(1), .words(0, 0), .longs(0, 0),
  .words(0xfff, 4096), .longs(0), .words(1, 0, 0), .words(0o100644), .longs(9, 12, 1, 0),
  .longs(1, 0, 1, 0, 1, 0, 1, 0), .words(0, 0, 8, 1),
  .longs(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

@Suite struct ReplyDescriptionTests {
  @Test(arguments: samples)
  fileprivate func aReplyIsDescribed(_ sample: Sample) {
    for opcode in sample.opcodes {
      #expect(text(reply(sample.answer), to: request(opcode, sample.arguments)) == sample.text)
    }
  }

  @Test func everyOpcodeIsAnswered() {
    #expect(Set(samples.flatMap(\.opcodes)) == Set(Opcode.allCases))
  }

  @Test(arguments: samples)
  fileprivate func aShorterReplyDoesNotTrap(_ sample: Sample) {
    for opcode in sample.opcodes {
      let question = request(opcode, sample.arguments)
      for count in 0..<16 + sample.answer.bytes.count {
        var record = reply(sample.answer)
        record.message = Array(record.message.prefix(count))
        let description = ReplyDescription(
          record, to: question, DescriptionContext(isDetailed: true))
        #expect(description.fault != nil || count == 0, "\(opcode) \(count): \(description.text)")
      }
    }
  }

  @Test func errorsAreNamed() {
    let question = request(.lookup, .name("a"))
    #expect(text(reply(error: -2), to: question) == "ENOENT")
    #expect(text(reply(error: -38), to: question) == "ENOSYS")
    #expect(text(reply(error: -512), to: question) == "error 512")
    #expect(text(reply(error: .min), to: question) == "error 2147483647")
    #expect(text(reply(error: 2), to: question) == "error -2 [the error is positive]")
  }

  @Test func aReadTellsItsData() {
    let question = request(.read, .value(ReadIn(byteCount: 9)))
    let answer = reply().withData([65], of: 9)
    #expect(text(answer, to: question) == "data=9 digest=0x0000000000000abc")
    let undigested = reply().withData([65], of: 9, digest: 0)
    #expect(text(undigested, to: question) == "data=9")
  }

  @Test func whatDoesNotAgreeIsSaid() {
    let question = request(.unlink, .name("a"))
    #expect(text(reply(unique: 9), to: question) == "ok [it answers unique 9]")
    var record = reply()
    record.writableByteCount = 99
    #expect(text(record, to: question) == "ok [len is 16, 99 were written]")
    record.message = []
    #expect(text(record, to: question) == "no reply [no header]")
    #expect(text(record, to: request(.forget, .longs(1))) == "no reply")
    #expect(text(reply(.longs(1)), to: question) == "ok [8 bytes left over]")
  }

  @Test func whatAToolHasCutOffIsSaid() {
    var question = request(.unlink, .name("a"))
    question.message = []
    question.missingMessageByteCount = 42
    #expect(text(question) == "? [the capture lacks 42 bytes of it]")
    var answer = reply(.value(AttrOut()))
    answer.message.removeLast(104)
    answer.missingMessageByteCount = 104
    #expect(
      text(answer, to: request(.getattr, .value(GetattrIn())))
        == "? [the capture lacks 104 bytes of it]")
    answer.message = []
    answer.missingMessageByteCount = 120
    #expect(text(answer, to: question) == "? [the capture lacks 120 bytes of it]")
  }

  @Test func detailsHoldEveryEntry() throws {
    let question = request(.readdirplus, .value(ReadIn()))
    let names = (0..<50).map { "name\($0)" }
    let wire = Wire(bytes: names.flatMap { record($0, plus: true).bytes })
    let description = ReplyDescription(
      reply(wire), to: question, DescriptionContext(isDetailed: true))
    let json = description.answer.json.text
    for name in names { #expect(json.contains("{\"name\": \"\(name)\", \"ino\": 3")) }
    #expect(description.fault == nil)
  }

  @Test func initIsRemembered() {
    var context = DescriptionContext()
    let flags = InitFlags.setxattrExtension.union(.securityContext).union(.initExtension)
    let answer = InitOut(major: 7, flagsLow: flags.flags, flagsHigh: flags.flags2)
    context.observe(request: request(.lookup), reply: reply(.value(answer)))
    #expect(context.flags == nil)
    context.observe(request: request(.`init`), reply: reply(.value(answer), error: -5))
    #expect(context.flags == nil)
    context.observe(request: request(.`init`), reply: reply(.value(answer)))
    #expect(context.flags == flags)
  }
}

/// Whatever the bytes, there is a description.
@Suite struct DescriptionGarbageTests {
  @Test func garbageIsDescribed() {
    var random = SeededRandom()
    for _ in 0..<40_000 {
      let number = random.oneIn(20) ? random.next() : UInt64.random(in: 0...54, using: &random)
      let words = random.oneIn(3) ? UInt16.random(in: 0...9, using: &random) : 0
      let junk = Wire(bytes: Self.junk(&random))
      var question = request(
        number: UInt32(truncatingIfNeeded: number), junk, extensionWords: words)
      if random.oneIn(10) { question.message = Self.junk(&random) }
      var answer = reply(
        Wire(bytes: Self.junk(&random)),
        error: random.oneIn(9) ? Int32.random(in: -600...5, using: &random) : 0)
      if random.oneIn(10) { answer.message = Self.junk(&random) }
      let context = DescriptionContext(
        flags: random.oneIn(2) ? nil : InitFlags(rawValue: random.next()),
        isDetailed: random.oneIn(2))
      let request = RequestDescription(question, context)
      let reply = ReplyDescription(answer, to: question, context)
      let lines = [request.text, reply.text, request.arguments.json.text, reply.answer.json.text]
      // Control characters of a stranger never get through.
      #expect(
        lines.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }, "seed \(random.seed)")
    }
  }

  /// Bytes of which many are 0 or small, as in real messages, so that some of it makes sense.
  private static func junk(_ random: inout SeededRandom) -> [UInt8] {
    var bytes = random.bytes(Int.random(in: 0...300, using: &random))
    for index in bytes.indices where !random.oneIn(3) { bytes[index] &= 3 }
    return bytes
  }
}
