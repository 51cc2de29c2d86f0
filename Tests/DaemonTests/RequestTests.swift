import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// FUSE requests that are none, or have no room for their reply: each is answered or completed,
/// and harms nobody.
@Suite struct RequestTests {
  private static func guest() throws -> (Guest, Objects) {
    let guest = try Guest(.swift)
    return (guest, try Objects(guest.client))
  }

  /// Whether the daemon still serves.
  private static func isServing(_ guest: Guest, _ objects: Objects) throws -> Bool {
    try guest.client.getattr(objects.directory).mode == 0o040755
  }

  @Test func refusesEveryTruncation() throws {
    let (guest, objects) = try Self.guest()
    var requests: [FuseRequest] = []
    for request in objects.requests {
      for count in 40..<max(40, request.byteCount) {
        var cut = request
        cut.sentByteCount = count
        cut.statedByteCount = UInt32(count)
        requests.append(cut)
      }
    }
    #expect(requests.count > 500)
    for (request, reply) in zip(requests, try guest.client.queue.replies(to: requests)) {
      let name = Opcode(rawValue: request.opcode).map { "\($0)" } ?? ""
      #expect(
        reply.error == .invalidArgument,
        "\(name) of \(request.byteCount) bytes cut to \(request.sentByteCount ?? 0)")
    }
    #expect(try Self.isServing(guest, objects))
    // Nothing of it was done.
    #expect(try hostNames(guest.share("directory")) == [])
  }

  /// A header that is not whole cannot be answered: the chain comes back with nothing written.
  @Test func completesWhatHasNoHeader() throws {
    let (guest, objects) = try Self.guest()
    var requests: [FuseRequest] = []
    for count in 0..<40 {
      var cut = FuseRequest.getattr(.root)
      cut.sentByteCount = count
      requests.append(cut)
    }
    for reply in try guest.client.queue.replies(to: requests) {
      #expect(reply.header == nil)
      #expect(reply.usedByteCount == 0)
    }
    #expect(try Self.isServing(guest, objects))
  }

  @Test func refusesLengthsThatAreWrong() throws {
    let (guest, objects) = try Self.guest()
    var requests: [FuseRequest] = []
    for request in objects.requests {
      for stated in [0, 1, 39, UInt32(request.byteCount) + 1, 1 << 20, .max] {
        var wrong = request
        wrong.statedByteCount = stated
        requests.append(wrong)
      }
    }
    for (request, reply) in zip(requests, try guest.client.queue.replies(to: requests)) {
      #expect(reply.error != nil, "opcode \(request.opcode), \(request.statedByteCount ?? 0)")
    }
    #expect(try Self.isServing(guest, objects))
  }

  /// What comes after the stated length does not count.
  @Test func ignoresWhatIsBeyondTheLength() throws {
    let (guest, _) = try Self.guest()
    var request = FuseRequest.lookup("file")
    request.statedByteCount = UInt32(request.byteCount)
    request.arguments += [UInt8](repeating: 0xEE, count: 100)
    #expect(try guest.client.queue.call(request).error == nil)
  }

  @Test func writesNothingWhereThereIsNoRoom() throws {
    let (guest, objects) = try Self.guest()
    var requests: [FuseRequest] = []
    for request in objects.requests {
      for room in -15..<0 {
        var narrow = request
        narrow.replyByteCount = room
        requests.append(narrow)
      }
    }
    for reply in try guest.client.queue.replies(to: requests) {
      #expect(reply.usedByteCount == 0)
    }
    #expect(try Self.isServing(guest, objects))
  }

  @Test func answersWithAnErrorWhereTheReplyDoesNotFit() throws {
    let (guest, objects) = try Self.guest()
    var requests: [FuseRequest] = []
    for request in objects.requests {
      guard let whole = request.replyByteCount else { continue }
      for room in 0..<min(whole, 144) {
        var narrow = request
        narrow.replyByteCount = room
        requests.append(narrow)
      }
    }
    // READLINK, xattrs and directories reply with what fits or not at all; a strict queue checks
    // that no more was written than there was room for.
    let variable: Set<UInt32> = [
      Opcode.readlink.rawValue, Opcode.getxattr.rawValue, Opcode.listxattr.rawValue,
      Opcode.readdir.rawValue, Opcode.readdirplus.rawValue, Opcode.read.rawValue,
    ]
    for (request, reply) in zip(requests, try guest.client.queue.replies(to: requests))
    where !variable.contains(request.opcode) {
      let room = request.replyByteCount ?? 0
      #expect(reply.error != nil, "opcode \(request.opcode) with room for \(room)")
    }
    #expect(try Self.isServing(guest, objects))
  }

  /// The guest has not learned of a node that did not fit: no lookup is counted, no handle open.
  @Test func aReplyThatDoesNotFitLeavesNothingBehind() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    _ = try hostWrite(guest.share("fresh"), "")
    let process = guest.daemon.process.id
    _ = try client.getattr()
    let before = try openDescriptors(of: process).count
    for _ in 0..<20 {
      var lookup = FuseRequest.lookup("fresh")
      lookup.replyByteCount = 100
      #expect(try client.queue.call(lookup).error != nil)
      var open = FuseRequest.open(objects.file, flags: 0)
      open.replyByteCount = 8
      #expect(try client.queue.call(open).error != nil)
      var opendir = FuseRequest.opendir()
      opendir.replyByteCount = 0
      #expect(try client.queue.call(opendir).error != nil)
      var create = FuseRequest.create(CreateIn(flags: 0o102, mode: 0o100600), "fresh")
      create.replyByteCount = 140
      #expect(try client.queue.call(create).error != nil)
    }
    let isEven = try waitUntil(.seconds(3)) {
      _ = try client.getattr()
      return try openDescriptors(of: process).count <= before
    }
    #expect(isEven)
    let node = try client.lookup("fresh").node
    try client.forget(node, lookups: 1)
    #expect(throws: FrontEndError.self) { try client.getattr(node) }
  }

  @Test func refusesDataThatIsNotThere() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    let (file, handle) = (objects.file, objects.fileHandle)
    let arguments = WriteIn(handle: handle, offset: 0, byteCount: 100)
    let short = FuseRequest(.write, file, reply: 8).with(arguments).with(bytes: [1, 2, 3])
    #expect(try client.queue.call(short).error == .invalidArgument)
    let huge = WriteIn(handle: handle, offset: 0, byteCount: .max)
    let wrong = FuseRequest(.write, file, reply: 8).with(huge).with(bytes: [1, 2, 3])
    #expect(try client.queue.call(wrong).error == .invalidArgument)
    let value = SetxattrIn(byteCount: .max)
    let xattr = FuseRequest(.setxattr, file).with(value).with("user.x").with(bytes: [1])
    #expect(try client.queue.call(xattr).error != nil)
    #expect(try hostStatus(guest.share("file")).size == 0)
    // More data than stated is ignored.
    let fewer = WriteIn(handle: handle, offset: 0, byteCount: 2)
    let more = FuseRequest(.write, file, reply: 8).with(fewer).with(bytes: [65, 66, 67])
    #expect(try client.queue.call(more).error == nil)
    #expect(try hostReadText(guest.share("file")) == "AB")
  }

  /// READ of more than there is room for must not write past it; a strict queue checks that.
  @Test func readsNoMoreThanThereIsRoomFor() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    try hostWrite(guest.share("file"), [UInt8](repeating: 1, count: 100_000))
    for stated in [4097, 65536, 1 << 20, 1 << 24, UInt32.max] {
      let request = FuseRequest(.read, objects.file, reply: 4096)
        .with(ReadIn(handle: objects.fileHandle, offset: 0, byteCount: stated))
      let reply = try client.queue.call(request)
      #expect(reply.error != nil || reply.body.count <= 4096)
    }
    for stated in [0, 1, 23, 24] as [UInt32] {
      let request = FuseRequest(.readdir, objects.directory, reply: 4096)
        .with(ReadIn(handle: objects.directoryHandle, offset: 0, byteCount: stated))
      let reply = try client.queue.call(request)
      #expect(reply.error != nil || reply.body.count <= Int(stated))
    }
    #expect(try Self.isServing(guest, objects))
  }

  @Test func aHandleMeansWhatItWasOpenedFor() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    let bad = FrontEndError.reply(.badDescriptor)
    #expect(throws: FrontEndError.self) { try client.readdir(handle: objects.fileHandle) }
    #expect(throws: FrontEndError.self) {
      try client.read(objects.file, handle: objects.directoryHandle, byteCount: 1)
    }
    for handle in [0, 7, 1 << 32, 1 << 63, UInt64.max] {
      #expect(throws: bad) { try client.read(objects.file, handle: handle, byteCount: 1) }
      #expect(throws: bad) { try client.write(objects.file, handle: handle, [1]) }
      #expect(throws: bad) { try client.readdir(handle: handle) }
      #expect(throws: bad) { try client.fsync(objects.file, handle: handle) }
      #expect(throws: bad) {
        try client.fallocate(objects.file, handle: handle, byteCount: 1)
      }
      #expect(throws: bad) {
        try client.lseek(objects.file, handle: handle, offset: 0, whence: 3)
      }
    }
    for node in [0, 2, 1 << 32, 1 << 63, UInt64.max] {
      #expect(throws: FrontEndError.self) { try client.getattr(NodeID(rawValue: node)) }
      #expect(throws: FrontEndError.self) { try client.lookup("x", in: NodeID(rawValue: node)) }
      #expect(throws: FrontEndError.self) { try client.open(NodeID(rawValue: node)) }
    }
    #expect(try Self.isServing(guest, objects))
  }

  @Test func forgetsNoMoreThanThereIs() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    for lookups in [0, 1, 1000, UInt64.max] {
      try client.forget(.root, lookups: lookups)
      try client.forget(NodeID(rawValue: 0), lookups: lookups)
      try client.forget(NodeID(rawValue: 1 << 60), lookups: lookups)
    }
    let node = try client.lookup("link").node
    try client.forget(node, lookups: .max)
    #expect(throws: FrontEndError.self) { try client.getattr(node) }
    // Counts and lengths that contradict each other; no reply is due in any case.
    for count in [0, 1, 100, UInt32.max] {
      var request = FuseRequest.batchForget([ForgetOne(node: objects.file, lookups: 0)])
      request.arguments.replaceSubrange(0..<4, with: Payload(vring: count, 0).bytes.prefix(4))
      let reply = try guest.device.queues[0].call(request)
      #expect(reply.usedByteCount == 0)
    }
    // Linux sends forced FORGETs on a request queue, without room for a reply.
    let second = try client.lookup("link").node
    #expect(try client.queue.call(.forget(second, lookups: 1)).usedByteCount == 0)
    #expect(throws: FrontEndError.self) { try client.getattr(second) }
    #expect(try client.queue.call(.interrupt(99)).usedByteCount == 0)
    #expect(try Self.isServing(guest, objects))
  }

  @Test func servesRequestsOnThePriorityQueueToo() throws {
    let (guest, objects) = try Self.guest()
    let reply = try guest.device.queues[0].call(.getattr(objects.directory)).succeeded()
    #expect(try reply.structure(AttrOut.self).attr.mode == 0o040755)
  }

  @Test func refusesExtensionsThatContradictThemselves() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    try #require(client.hasAgreed(to: .createSupplementaryGroup))
    let blocks: [(UInt16, [UInt32])] = [
      (.max, []), (1, []), (2, [0, 32, 0, 0]), (2, [8, 32, 0, 0]), (2, [15, 32, 1, 0]),
      (2, [16, 32, .max, 0]), (2, [16, 32, 3, 0]), (2, [.max, 32, 1, 0]), (2, [.max, 5, 1, 0]),
      (2, [16, 31, 0, 0]), (3, [24, 1, .max, 0, 0, 0]), (3, [24, 1, 8, 0, 0x4141_4141, 0]),
    ]
    for (words, block) in blocks {
      var request = FuseRequest.mkdir(MkdirIn(mode: 0o755), "x", in: objects.directory)
      request.extensionWordCount = words
      for word in block { request.arguments += Payload(vring: word, 0).bytes.prefix(4) }
      #expect(try client.queue.call(request).error == .invalidArgument, "\(words): \(block)")
    }
    #expect(try hostNames(guest.share("directory")) == [])
    // A group that is right: the new directory may belong to it.
    try hostSetOwner(guest.share("directory"), uid: 0, gid: 99)
    try hostSetMode(guest.share("directory"), 0o2777)
    var request = FuseRequest.mkdir(MkdirIn(mode: 0o2755), "y", in: objects.directory)
    request.uid = 1000
    request.gid = 1000
    request.extensionWordCount = 2
    for word in [16, 32, 1, 99] as [UInt32] {
      request.arguments += Payload(vring: word, 0).bytes.prefix(4)
    }
    #expect(try client.queue.call(request).error == nil)
    let made = try hostStatus(guest.share("directory/y"))
    #expect(made.gid == 99 && made.uid == 1000)
    #expect(made.mode == 0o042755)
  }

  @Test func aFullDiskIsTheGuestsError() throws {
    let memory = try TemporaryFileSystem(byteCount: 4 << 20)
    let guest = try Guest(.swift, parent: memory.path) { share in
      try hostWrite("\(share)/other", "contents")
    }
    let client = guest.client
    let made = try client.create("f")
    let (node, handle) = (made.entry.node, made.open.handle)
    let buffer = try guest.buffer(1 << 20)
    var written = 0
    #expect(throws: FrontEndError.reply(.noSpace)) {
      while written < 100 << 20 {
        // The last one that succeeds may be short.
        written += try client.write(
          node, handle: handle, offset: UInt64(written), from: [buffer])
      }
    }
    #expect(written > 2 << 20)
    #expect(throws: FrontEndError.reply(.noSpace)) {
      try client.fallocate(node, handle: handle, offset: 0, byteCount: 1 << 30)
    }
    #expect(throws: FrontEndError.self) {
      try client.write(node, handle: handle, offset: .max - 5, [1, 2])
    }
    #expect(throws: FrontEndError.self) {
      try client.setattr(node, SetattrIn(valid: .size, size: .max))
    }
    // Other files work on, and room that is made can be used.
    let other = try client.lookup("other").node
    let reading = try client.open(other).handle
    #expect(try client.read(other, handle: reading, byteCount: 8) == Array("contents".utf8))
    #expect(try client.setattr(node, SetattrIn(valid: .size, size: 0)).size == 0)
    #expect(try client.write(node, handle: handle, from: [buffer]) == 1 << 20)
  }

  @Test func aFileThatTheHostRemovedIsTheGuestsError() throws {
    let (guest, objects) = try Self.guest()
    let client = guest.client
    try hostWrite(guest.share("gone"), "1")
    let gone = try client.lookup("gone").node
    let handle = try client.open(gone).handle
    try hostRemove(guest.share("gone"))
    #expect(throws: FrontEndError.reply(.noEntry)) { try client.lookup("gone") }
    #expect(throws: FrontEndError.reply(.noEntry)) { try client.unlink("gone") }
    // What is open stays readable.
    #expect(try client.read(gone, handle: handle, byteCount: 9) == [49])
    try hostRemove(guest.share("directory"))
    #expect(throws: FrontEndError.self) { try client.mkdir("x", in: objects.directory) }
    #expect(try client.getattr(objects.file).size == 0)
  }
}
