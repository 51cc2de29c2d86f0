import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Open files and directories, with what the host sees afterwards.
@Suite struct FileTests {
  @Test(arguments: Backend.all) func createsWritesAndReads(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let client = guest.client
    let made = try client.create("f", mode: 0o640)
    let (node, handle) = (made.entry.node, made.open.handle)
    #expect(try hostStatus(guest.share("f")).mode == 0o100640)
    #expect(try client.write(node, handle: handle, Array("hello".utf8)) == 5)
    #expect(try client.write(node, handle: handle, offset: 7, Array("!".utf8)) == 1)
    #expect(try hostRead(guest.share("f")) == Array("hello\0\0!".utf8))
    #expect(try client.read(node, handle: handle, offset: 1, byteCount: 3) == Array("ell".utf8))
    #expect(try client.read(node, handle: handle, offset: 5, byteCount: 99) == [0, 0, 33])
    #expect(try client.read(node, handle: handle, offset: 8, byteCount: 99) == [])
    #expect(try client.getattr(node).size == 8)
    try client.flush(node, handle: handle)
    try client.fsync(node, handle: handle)
    try client.fsync(node, handle: handle, flags: .dataOnly)
    try client.release(node, handle: handle)
    #expect(throws: FrontEndError.reply(.badDescriptor)) {
      try client.read(node, handle: handle, byteCount: 1)
    }
  }

  /// The C peer ends with an assertion of its C library here.
  @Test func createOpensWhatIsThere() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "old") }
    let client = guest.client
    let node = try client.lookup("f").node
    let made = try client.create("f")
    #expect(made.entry.node == node)
    #expect(try client.read(node, handle: made.open.handle, byteCount: 9) == Array("old".utf8))
    // O_EXCL
    #expect(throws: FrontEndError.reply(.exists)) { try client.create("f", flags: 0o202) }
    #expect(try hostReadText(guest.share("f")) == "old")
  }

  @Test func createOpensNothingButFiles() throws {
    let guest = try Guest(.swift) { share in
      try hostWrite("\(share)/f", "old")
      try hostMakeDirectory("\(share)/d")
      try hostSymbolicLink("\(share)/l", to: "f")
    }
    let client = guest.client
    _ = try client.mknod("fifo", mode: 0o010666)
    for name: NameBytes in ["d", "l", "fifo"] {
      #expect(throws: FrontEndError.self) { try client.create(name) }
      #expect(throws: FrontEndError.self) { try client.create(name, flags: 0o1) }
      #expect(throws: FrontEndError.self) { try client.create(name, flags: 0o1001) }
    }
    let fifo = try client.lookup("fifo").node
    #expect(throws: FrontEndError.self) { try client.open(fifo) }
    #expect(try hostReadText(guest.share("f")) == "old")
  }

  @Test(arguments: Backend.all) func opensAndTruncates(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/f", "old contents") }
    let client = guest.client
    let node = try client.lookup("f").node
    let reading = try client.open(node)
    #expect(throws: FrontEndError.reply(.badDescriptor)) {
      try client.write(node, handle: reading.handle, [1])
    }
    // O_RDWR | O_TRUNC
    let writing = try client.open(node, flags: 0o1002)
    #expect(try hostStatus(guest.share("f")).size == 0)
    #expect(try client.write(node, handle: writing.handle, [65]) == 1)
    #expect(try client.read(node, handle: reading.handle, byteCount: 9) == [65])
    #expect(writing.handle != reading.handle)
  }

  @Test(arguments: Backend.all) func appendsAtTheEnd(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/f", "12345") }
    let client = guest.client
    let node = try client.lookup("f").node
    // O_WRONLY | O_APPEND
    let append: UInt32 = 0o2001
    let open = try client.open(node, flags: append)
    try hostWrite(guest.share("f"), "1234567")
    // The guest believes that the file ends at 5.
    _ = try client.write(
      node, handle: open.handle, offset: 5, Array("ab".utf8), flags: append)
    #expect(try hostReadText(guest.share("f")) == "1234567ab")
  }

  /// Pages that the guest's cache writes back come through any handle, and to their offset.
  @Test func cachedWritesGoToTheirOffset() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "12345") }
    let client = guest.client
    let node = try client.lookup("f").node
    let append: UInt32 = 0o2002
    let open = try client.open(node, flags: append)
    _ = try client.write(
      node, handle: open.handle, offset: 1, Array("ab".utf8), writeFlags: .cache, flags: append)
    #expect(try hostReadText(guest.share("f")) == "1ab45")
  }

  @Test func aWriteClearsSetIDBitsWhenAsked() throws {
    let guest = try Guest(.swift, more: ["--killpriv-v2"]) { share in
      try hostWrite("\(share)/f", "12345")
      try hostSetMode("\(share)/f", 0o6755)
    }
    let client = guest.client
    try #require(client.hasAgreed(to: .handleKillPrivilegesV2))
    let node = try client.lookup("f").node
    let open = try client.open(node, flags: 2)
    _ = try client.write(node, handle: open.handle, [65])
    #expect(try hostStatus(guest.share("f")).permissions == 0o6755)
    _ = try client.write(node, handle: open.handle, [66], writeFlags: .killSetID)
    #expect(try hostStatus(guest.share("f")).permissions == 0o755)
    try hostSetMode(guest.share("f"), 0o6755)
    let truncation = SetattrIn(valid: [.size, .killSetID], size: 1)
    #expect(try client.setattr(node, truncation).mode == 0o100755)
  }

  @Test(arguments: Backend.all) func anUnlinkedFileLivesWhileOpen(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let client = guest.client
    let made = try client.create("f")
    try client.unlink("f")
    #expect(!hostExists(guest.share("f")))
    #expect(try client.write(made.entry.node, handle: made.open.handle, [1, 2, 3]) == 3)
    #expect(try client.getattr(made.entry.node).size == 3)
    let second = try client.open(made.entry.node)
    #expect(
      try client.read(made.entry.node, handle: second.handle, byteCount: 9) == [1, 2, 3])
  }

  @Test func aTemporaryFileGetsItsName() throws {
    let guest = try Guest(.swift)
    let client = guest.client
    client.uid = 12
    try hostSetMode(guest.share(), 0o777)
    let made = try client.tmpfile(mode: 0o600)
    #expect(try hostNames(guest.share()) == [])
    #expect(made.entry.attr.linkCount == 0)
    #expect(made.entry.attr.uid == 12)
    _ = try client.write(made.entry.node, handle: made.open.handle, [7])
    let entry = try client.link(made.entry.node, as: "named")
    #expect(entry.node == made.entry.node)
    #expect(try hostRead(guest.share("named")) == [7])
    #expect(try hostStatus(guest.share("named")).uid == 12)
  }

  @Test(arguments: Backend.all) func movesAMegabyteInOneRequest(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let client = guest.client
    let byteCount = 1 << 20
    try #require(Int(client.agreement.maximumWrite) >= byteCount || backend == .c)
    let size = min(byteCount, Int(client.agreement.maximumWrite))
    let made = try client.create("f")
    let (node, handle) = (made.entry.node, made.open.handle)
    var random = SeededRandom(seed: 1)
    let contents = random.bytes(size)
    let buffer = try guest.buffer(size)
    guest.device.memory.store(bytes: contents, at: buffer.address)
    // Page by page, as Linux hands it over: 256 descriptors and more.
    let pages = buffer.pieces(of: 4096)
    #expect(try client.write(node, handle: handle, from: pages) == size)
    #expect(try hostRead(guest.share("f")) == contents)
    guest.device.memory.main.fill(buffer, with: 0)
    #expect(try client.read(node, handle: handle, into: pages.reversed()) == size)
    let back = pages.reversed().flatMap { guest.device.memory.bytes(of: $0) }
    #expect(back == contents)
    // The end of the file is in the middle of the request.
    #expect(try client.read(node, handle: handle, offset: UInt64(size - 100), into: pages) == 100)
  }

  @Test(arguments: Backend.all) func offsetsBeyondFourGigabytes(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let client = guest.client
    let made = try client.create("f")
    let (node, handle) = (made.entry.node, made.open.handle)
    let far: UInt64 = 5 << 30
    #expect(try client.write(node, handle: handle, offset: far, [42]) == 1)
    #expect(try hostStatus(guest.share("f")).size == Int64(far) + 1)
    #expect(try client.read(node, handle: handle, offset: far - 1, byteCount: 9) == [0, 42])
    let data = try client.lseek(node, handle: handle, offset: 0, whence: 3)
    #expect(data > 0 && data <= far)
    #expect(try client.lseek(node, handle: handle, offset: 0, whence: 4) == 0)
    #expect(throws: FrontEndError.reply(Errno(rawValue: 6))) {
      try client.lseek(node, handle: handle, offset: far + 10, whence: 3)
    }
  }

  @Test(arguments: Backend.all) func allocatesAndPunches(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in
      try hostWrite("\(share)/f", [UInt8](repeating: 7, count: 16384))
    }
    let client = guest.client
    let node = try client.lookup("f").node
    let handle = try client.open(node, flags: 2).handle
    try client.fallocate(node, handle: handle, offset: 16384, byteCount: 100)
    #expect(try client.getattr(node).size == 16484)
    // FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    try client.fallocate(node, handle: handle, mode: 3, offset: 4096, byteCount: 4096)
    let contents = try hostRead(guest.share("f"))
    #expect(contents.count == 16484)
    #expect(contents[4096..<8192].allSatisfy { $0 == 0 })
    #expect(contents[..<4096].allSatisfy { $0 == 7 })
    #expect(contents[8192..<16384].allSatisfy { $0 == 7 })
  }

  @Test(arguments: Backend.all) func copiesARange(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/a", "0123456789") }
    let client = guest.client
    let source = try client.lookup("a").node
    let from = try client.open(source).handle
    let made = try client.create("b")
    let arguments = CopyFileRangeIn(
      sourceHandle: from, sourceOffset: 2, destinationNode: made.entry.node,
      destinationHandle: made.open.handle, destinationOffset: 1, byteCount: 5)
    #expect(try client.copyFileRange(source, arguments) == 5)
    #expect(try hostRead(guest.share("b")) == Array("\u{0}23456".utf8))
  }

  /// Linux 6.18 tries the 64-bit form first.
  @Test func copiesARangeWithA64BitReply() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/a", "0123456789") }
    let client = guest.client
    let source = try client.lookup("a").node
    let from = try client.open(source).handle
    let made = try client.create("b")
    let arguments = CopyFileRangeIn(
      sourceHandle: from, destinationNode: made.entry.node, destinationHandle: made.open.handle,
      byteCount: .max - 4096)
    let request = FuseRequest(.copyFileRange64, source, reply: 8).with(arguments)
    let reply: CopyFileRangeOut = try client.queue.call(request).succeeded().structure()
    #expect(reply.byteCount == 10)
    #expect(try hostReadText(guest.share("b")) == "0123456789")
  }

  @Test func accessAsksTheHost() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "", mode: 0o640) }
    let node = try guest.client.lookup("f").node
    try guest.client.access(node, mask: 4)
    guest.client.uid = 1000
    guest.client.gid = 1000
    #expect(throws: FrontEndError.reply(.accessDenied)) {
      try guest.client.access(node, mask: 2)
    }
  }

  /// Alignment is the guest's affair; that O_DIRECT is passed on is not visible otherwise.
  @Test func directIOReadsAndWritesPages() throws {
    let guest = try Guest(.swift, more: ["--allow-direct-io"])
    let client = guest.client
    // O_RDWR | O_DIRECT
    let made = try client.create("f", flags: 0o40002)
    let (node, handle) = (made.entry.node, made.open.handle)
    let buffer = try guest.buffer(65536)
    guest.device.memory.main.fill(buffer, with: 0x5A)
    #expect(try client.write(node, handle: handle, from: buffer.pieces(of: 4096)) == 65536)
    #expect(try hostRead(guest.share("f")) == [UInt8](repeating: 0x5A, count: 65536))
    guest.device.memory.main.fill(buffer, with: 0)
    #expect(try client.read(node, handle: handle, into: buffer.pieces(of: 8192)) == 65536)
    #expect(guest.device.memory.bytes(of: buffer) == [UInt8](repeating: 0x5A, count: 65536))
    // Past the end there is nothing, and an unaligned offset is the host's EINVAL.
    #expect(try client.read(node, handle: handle, offset: 65536, into: [buffer]) == 0)
    #expect(throws: FrontEndError.reply(.invalidArgument)) {
      try client.read(node, handle: handle, offset: 1, into: [buffer])
    }
  }

  /// ENOSYS and nothing else: guests remember it.
  @Test func answersEachOpcodeThatItDoesNotServe() throws {
    let guest = try Guest(.swift)
    for opcode: UInt32 in [7, 19, 37, 40, 54, 1000, 4096, 0, .max] {
      var request = FuseRequest(opcode: opcode, node: .root, replyByteCount: 4096)
      request.arguments = [UInt8](repeating: 0, count: 64)
      let reply = try guest.client.queue.call(request)
      #expect(reply.error == .notImplemented, "opcode \(opcode)")
    }
  }
}
