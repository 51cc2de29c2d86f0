import FuseProtocol
import FuseServer
import Linux
import Synchronization
import Testing

/// A request, what the file system is asked because of it, and how long the reply's body is.
struct Dispatched: Sendable, CustomTestStringConvertible {
  var opcode: Opcode
  var body: [UInt8]
  var call: String
  var replyByteCount: Int
  var testDescription: String { "\(opcode)" }

  init(_ opcode: Opcode, _ body: [UInt8], _ call: String, _ replyByteCount: Int) {
    self.opcode = opcode
    self.body = body
    self.call = call
    self.replyByteCount = replyByteCount
  }

  /// Those that are answered at once.
  static let all = [
    Dispatched(.lookup, .name("a"), "lookup a in 1", 128),
    Dispatched(.getattr, .of(GetattrIn()), "getattr 1", 104),
    Dispatched(.setattr, .of(SetattrIn()), "setattr 1", 104),
    Dispatched(.symlink, .name("a") + .name("b"), "symlink a to b by 7:8", 128),
    Dispatched(.mknod, .of(MknodIn()) + .name("a"), "mknod a by 7:8", 128),
    Dispatched(.mkdir, .of(MkdirIn()) + .name("a"), "mkdir a by 7:8", 128),
    Dispatched(.unlink, .name("a"), "unlink a", 0),
    Dispatched(.rmdir, .name("a"), "rmdir a", 0),
    Dispatched(
      .rename, .of(RenameIn(newParent: NodeID(rawValue: 3))) + .name("a") + .name("b"),
      "rename a in 1 to b in 3 flags 0 by 7:8", 0),
    Dispatched(
      .rename2, .of(Rename2In(newParent: NodeID(rawValue: 3), flags: 4)) + .name("a") + .name("b"),
      "rename a in 1 to b in 3 flags 4 by 7:8", 0),
    Dispatched(
      .link, .of(LinkIn(node: NodeID(rawValue: 6))) + .name("a"), "link 6 as a in 1", 128),
    Dispatched(.open, .of(OpenIn()), "open 1", 16),
    Dispatched(.opendir, .of(OpenIn()), "opendir 1", 16),
    Dispatched(.statfs, [], "statfs", 80),
    Dispatched(.release, .of(ReleaseIn()), "release", 0),
    Dispatched(.releasedir, .of(ReleaseIn()), "releasedir", 0),
    Dispatched(
      .setxattr, .of(SetxattrInCompat(byteCount: 2, flags: 1)) + .name("n") + [1, 2],
      "setxattr n 2 1 0", 0),
    Dispatched(.removexattr, .name("n"), "removexattr n", 0),
    Dispatched(.flush, .of(FlushIn()), "flush", 0),
    Dispatched(.access, .of(AccessIn()), "access 1 by 7:8", 0),
    Dispatched(.create, .of(CreateIn()) + .name("a"), "create a by 7:8", 144),
    Dispatched(.tmpfile, .of(CreateIn()) + .name("/"), "tmpfile by 7:8", 144),
    Dispatched(.lseek, .of(LseekIn()), "lseek", 8),
    Dispatched(.copyFileRange, .of(CopyFileRangeIn(byteCount: 5)), "copyFileRange 5", 8),
    Dispatched(.copyFileRange64, .of(CopyFileRangeIn(byteCount: 5)), "copyFileRange 5", 8),
    Dispatched(.syncfs, .of(SyncfsIn()), "syncfs", 0),
    Dispatched(.readlink, [], "readlink 1", 0),
    Dispatched(.getxattr, .of(GetxattrIn(byteCount: 4)) + .name("n"), "getxattr n 4", 0),
    Dispatched(.listxattr, .of(GetxattrIn(byteCount: 4)), "listxattr 4", 0),
    Dispatched(.readdir, .of(ReadIn(byteCount: 4096)), "readdir false", 0),
    Dispatched(.readdirplus, .of(ReadIn(byteCount: 4096)), "readdir true", 0),
  ]

  /// Those that the transport has to go on with.
  static let deferred = [
    Dispatched(.read, .of(ReadIn(byteCount: 100)), "read 100", 100),
    Dispatched(.write, .of(WriteIn(byteCount: 100)), "write 100", 8),
    Dispatched(.fsync, .of(FsyncIn()), "fsync", 0),
    Dispatched(.fsyncdir, .of(FsyncIn()), "fsyncdir", 0),
    Dispatched(.fallocate, .of(FallocateIn()), "fallocate", 0),
  ]
}

/// Requests reach the file system, and its answers the client.
@Suite struct DispatcherTests {
  @Test(arguments: Dispatched.all)
  func asksTheFileSystemAndReplies(_ request: Dispatched) throws {
    let client = Client()
    let answer = client.send(request.opcode, request.body)
    #expect(client.files.calls == [request.call])
    let header = try #require(answer.header)
    #expect(header.error == 0)
    #expect(header.unique == 0x1234)
    #expect(answer.body.count == request.replyByteCount)
    #expect(Int(header.byteCount) == 16 + request.replyByteCount)
  }

  @Test(arguments: Dispatched.deferred)
  func defersWhatTheTransportDoes(_ request: Dispatched) {
    let client = Client()
    let answer = client.send(request.opcode, request.body, data: 100)
    #expect(client.files.calls == [request.call])
    #expect(answer.deferred != nil)
  }

  @Test(arguments: Dispatched.all + Dispatched.deferred)
  func repliesWithWhatTheFileSystemThrows(_ request: Dispatched) throws {
    let client = Client()
    client.files.error = .noEntry
    let header = try #require(client.send(request.opcode, request.body, data: 100).header)
    #expect(header.error == -Errno.noEntry.rawValue)
    #expect(header.byteCount == 16)
  }

  @Test(arguments: Dispatched.all + Dispatched.deferred)
  func neverBeginsWhatCannotBeAnswered(_ request: Dispatched) {
    for room in [-16, -1, 0, request.replyByteCount - 1] where room < request.replyByteCount {
      let client = Client()
      let answer = client.send(request.opcode, request.body, data: 100, room: room)
      #expect(client.files.calls == [])
      if room < 0 {
        #expect(answer.isUnanswered)
      } else {
        #expect(answer.error == -Errno.invalidArgument.rawValue)
        #expect(answer.header?.byteCount == 16)
      }
    }
    let client = Client()
    _ = client.send(request.opcode, request.body, data: 100, room: -1)
    #expect(client.files.calls == [])
  }

  @Test(arguments: Dispatched.all + Dispatched.deferred)
  func servesNothingOutsideASession(_ request: Dispatched) {
    let client = Client(established: false)
    let answer = client.send(request.opcode, request.body, data: 100)
    #expect(answer.error == -Errno.inputOutput.rawValue)
    #expect(client.files.calls == [])
  }

  @Test(arguments: Dispatched.all + Dispatched.deferred)
  func refusesForGoodWhatTheFileSystemDoesNotServe(_ request: Dispatched) {
    let client = Client()
    client.files.unserved = [request.opcode]
    let answer = client.send(request.opcode, request.body, data: 100)
    #expect(answer.error == -Errno.notImplemented.rawValue)
    #expect(client.files.calls == [])
  }

  @Test(
    arguments: [
      .getlk, .setlk, .setlkw, .bmap, .poll, .notifyReply, .setupMapping, .removeMapping, .statx,
      .cuseInit,
    ] as [Opcode])
  func nobodyServes(_ opcode: Opcode) {
    #expect(Client().send(opcode).error == -Errno.notImplemented.rawValue)
  }

  @Test(arguments: [0, 7, 19, 99, 0x1A00_0000, .max] as [UInt32])
  func anUnknownOpcodeIsNotImplemented(_ number: UInt32) {
    let client = Client()
    #expect(client.send(number: number).error == -Errno.notImplemented.rawValue)
    #expect(client.send(number: number, room: -1).isUnanswered)
    #expect(client.files.calls == [])
  }

  @Test func anIoctlIsForNoTerminal() {
    #expect(Client().send(.ioctl, []).error == -Errno.notTerminal.rawValue)
  }

  @Test func forgettingGetsNoReply() {
    let client = Client()
    let one = client.send(
      .forget, .of(ForgetIn(lookups: 3)), node: NodeID(rawValue: 5), room: -16)
    let batch = client.send(
      .batchForget,
      .of(BatchForgetIn(count: 2)) + .of(ForgetOne(node: NodeID(rawValue: 6), lookups: 1))
        + .of(ForgetOne(node: NodeID(rawValue: 7), lookups: 2)))
    #expect(one.isUnanswered && batch.isUnanswered)
    #expect(client.files.calls == ["forget 5 3", "forget 6 1", "forget 7 2"])
    #expect(client.send(.interrupt, .of(InterruptIn(unique: 2))).isUnanswered)
  }

  @Test func aMalformedForgetGetsNoReplyEither() {
    let client = Client()
    #expect(client.send(.forget, [1, 2, 3]).isUnanswered)
    #expect(client.send(.batchForget, .of(BatchForgetIn(count: .max))).isUnanswered)
    #expect(client.files.calls == [])
    #expect(client.session.malformedCount == 2)
  }

  @Test func aMalformedRequestIsAnInvalidArgument() {
    let client = Client()
    #expect(client.send(.getattr, [1]).error == -Errno.invalidArgument.rawValue)
    #expect(client.send(.unlink, .name("a/b")).error == -Errno.invalidArgument.rawValue)
    let long = String(repeating: "x", count: 256)
    #expect(client.send(.unlink, .name(long)).error == -Errno.nameTooLong.rawValue)
    #expect(client.files.calls == [])
  }

  @Test func eachKindIsReportedOnceAndAllAreCounted() {
    let client = Client()
    for _ in 0..<3 {
      _ = client.send(.getattr, [1])
      _ = client.send(.write, .of(WriteIn(byteCount: 10)), data: 9)
      _ = client.send(.lookup, .name(String(repeating: "x", count: 256)))
    }
    #expect(client.session.malformedCount == 6)
    let kinds = client.reported.kinds.withLock { $0 }
    #expect(kinds == [.undecodable(.truncated), .dataMissing])
  }

  @Test(arguments: [".", ".."])
  func dotsAreLookedUpOnlyInAnExportedFileSystem(_ name: String) {
    let client = Client()
    #expect(client.send(.lookup, .name(name)).error == -Errno.invalidArgument.rawValue)
    #expect(client.files.calls == [])
    let exported = Client(flags: .exportSupport)
    #expect(exported.send(.lookup, .name(name)).error == 0)
  }

  @Test func aWriteMustHaveItsData() {
    let client = Client()
    let short = client.send(.write, .of(WriteIn(byteCount: 100)), data: 99)
    #expect(short.error == -Errno.invalidArgument.rawValue)
    #expect(client.files.calls == [])
    let long = client.send(.write, .of(WriteIn(byteCount: 100)), data: 101)
    #expect(long.deferred != nil)
  }

  @Test func aReadMayBeLongerThanThePrivateMemory() {
    let client = Client()
    let read = client.send(
      .read, .of(ReadIn(byteCount: 1 << 20)), room: 1 << 20, capacity: 4096)
    #expect(read.deferred != nil)
  }

  @Test func anAttributeIsNotLongerThanItWasAskedFor() {
    let client = Client()
    client.files.appended = [1, 2, 3, 4, 5]
    let request = [UInt8].of(GetxattrIn(byteCount: 4)) + .name("n")
    #expect(client.send(.getxattr, request).error == -Errno.outOfRange.rawValue)
    #expect(
      client.send(.getxattr, .of(GetxattrIn(byteCount: 5)) + .name("n")).body == [1, 2, 3, 4, 5])
  }

  @Test func aCopyIsCutToWhatTheReplyCanSay() throws {
    let client = Client()
    client.files.copied = .max
    let request = [UInt8].of(CopyFileRangeIn(byteCount: .max))
    let narrow = client.send(.copyFileRange, request)
    let wide = client.send(.copyFileRange64, request)
    #expect(try #require(narrow.body.value(WriteOut.self)).byteCount == 0x7fff_f000)
    #expect(try #require(wide.body.value(CopyFileRangeOut.self)).byteCount == 0x7fff_f000)
    #expect(client.files.calls == ["copyFileRange 2147479552", "copyFileRange 2147479552"])
  }

  @Test(arguments: [false, true])
  func theFileSystemSaysWhatAThreadThatMayNotWaitLeavesToAnother(mayWait: Bool) {
    let client = Client(mayWait: mayWait)
    func isPostponed(_ opcode: UInt32, _ body: [UInt8] = []) -> Bool {
      if case .postponed = client.send(number: opcode, body).outcome { true } else { false }
    }
    #expect(isPostponed(Opcode.syncfs.rawValue, .of(SyncfsIn())) == !mayWait)
    #expect(client.files.calls == (mayWait ? ["syncfs"] : []))
    #expect(!isPostponed(Opcode.getattr.rawValue, .of(GetattrIn())))
    #expect(!isPostponed(7))
  }

  @Test(
    arguments: [
      (38, 95), (4, 5), (0, 5), (-1, 5), (513, 5), (.min, 5), (.max, 5), (511, 511), (1, 1),
    ] as [(Int32, Int32)])
  func theClientSeesErrorsThatItUnderstands(_ thrown: Int32, _ seen: Int32) {
    let client = Client()
    client.files.error = Errno(rawValue: thrown)
    #expect(client.send(.getattr, .of(GetattrIn())).error == -seen)
  }

  @Test func whatMayTakeLongIsPostponedAndNotAnswered() {
    let client = Client()
    client.files.error = .mustWait
    guard case .postponed = client.send(.getattr, .of(GetattrIn())).outcome else {
      Issue.record("answered")
      return
    }
  }

  @Test func randomRequestsAreAllAnswered() {
    var state: UInt64 = 0xF00D
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    let client = Client(flags: .setxattrExtension)
    for _ in 0..<20_000 {
      let body = (0..<Int(next() % 120)).map { _ in UInt8(next() % 4 == 0 ? 0 : next() % 256) }
      let number = UInt32(next() % 56)
      guard number != Opcode.`init`.rawValue, number != Opcode.destroy.rawValue else { continue }
      let room = Int(next() % 300)
      let answer = client.send(number: number, body, data: Int(next() % 100), room: room)
      guard let header = answer.header else { continue }
      #expect((-511...0).contains(header.error))
      #expect(Int(header.byteCount) == 16 + answer.body.count && answer.body.count <= room)
    }
    #expect(client.send(.getattr, .of(GetattrIn())).error == 0)
  }
}
