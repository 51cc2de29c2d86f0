import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughFilesTests {
  @Test func whatIsCreatedIsOpen() async throws {
    try await withGuest { guest in
      let file = try guest.create("file")
      try guest.write("hello", to: file.open.handle)
      #expect(try guest.read(file.open.handle) == "hello")
      #expect(try hostReadText(guest.path("file")) == "hello")
      #expect(try guest.lookup("file").node == file.entry.node)
    }
  }

  @Test func aFileMadeReadOnlyIsOpenAsAskedFor() async throws {
    try await withGuest { guest in
      guest.creator = Creator(uid: 1000, gid: 1000)
      let file = try guest.create("file", .writeOnly, mode: 0o400)
      try guest.write("hello", to: file.open.handle)
      #expect(try hostReadText(guest.path("file")) == "hello")
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func createOpensWhatAnotherHasMadeMeanwhile(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      try hostWrite(guest.path("file"), "theirs", mode: 0o604)
      let file = try guest.create("file", mode: 0o777)
      #expect(try guest.read(file.open.handle) == "theirs")
      #expect(file.entry.attr.mode & 0o777 == 0o604)
      #expect(try guest.lookup("file").node == file.entry.node)
    }
  }

  @Test func createTruncatesWhatIsThereIfAskedTo() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "theirs")
      let file = try guest.create("file", [.readWrite, .truncate])
      #expect(file.entry.attr.size == 0)
      #expect(try hostReadText(guest.path("file")) == "")
    }
  }

  @Test func anExclusiveCreateMakesTheFileOrFails() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "theirs")
      #expect(throws: Errno.exists) { try guest.create("file", [.readWrite, .exclusive]) }
      #expect(try hostReadText(guest.path("file")) == "theirs")
      #expect(try guest.create("new", [.readWrite, .exclusive]).entry.attr.size == 0)
    }
  }

  @Test func createNeitherFollowsALinkNorOpensWhatIsNoFile() async throws {
    try await withGuest { guest in
      let outside = try TemporaryDirectory("outside")
      try hostSymbolicLink(guest.path("link"), to: outside.path("target"))
      #expect(throws: Errno.exists) { try guest.create("link") }
      #expect(try hostNames(outside.path) == [])
      _ = try guest.mkdir("directory")
      _ = try guest.mknod("fifo", mode: FileMode.fifo | 0o600)
      #expect(throws: Errno.exists) { try guest.create("directory") }
      #expect(throws: Errno.exists) { try guest.create("fifo") }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func onlyRegularFilesAreOpened(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let outside = try TemporaryDirectory("outside")
      try hostWrite(outside.path("secret"), "secret")
      let link = try guest.symlink("link", to: outside.path("secret")).node
      let fifo = try guest.mknod("fifo", mode: FileMode.fifo | 0o600).node
      let null = try guest.mknod("null", mode: FileMode.character | 0o600, device: 0x103).node
      let socket = try guest.mknod("socket", mode: FileMode.socket | 0o600).node
      #expect(throws: Errno.loop) { try guest.open(link) }
      #expect(throws: Errno.notSupported) { try guest.open(fifo) }
      #expect(throws: Errno.notSupported) { try guest.open(fifo, .writeOnly) }
      #expect(throws: Errno.notSupported) { try guest.open(null) }
      #expect(throws: Errno.notSupported) { try guest.open(socket) }
      #expect(throws: Errno.isDirectory) { try guest.open(.root) }
      #expect(throws: Errno.stale) { try guest.open(NodeID(rawValue: 1234)) }
      #expect(guest.share.counts.openFiles == 0)
    }
  }

  /// What the host's file was opened with, for what the guest asked for.
  private static func hostFlags(_ requested: OpenFlags, _ guest: Guest) throws -> OpenFlags {
    try hostWrite(guest.path("file"), "")
    let handle = try guest.open(try guest.lookup("file").node, requested).handle
    guard case .read(let file, _, _) = try guest.view.read(.root, ReadIn(handle: handle)) else {
      throw Errno.protocolError
    }
    return try file.descriptor.openFlags()
  }

  @Test func flagsThatTheHostMustNotGetAreStripped() async throws {
    try await withGuest { guest in
      let dangerous: OpenFlags = [
        .append, .direct, .noAccessTime, .nonBlocking, .sync, .directory, .path, .create,
        .exclusive, OpenFlags(rawValue: 0x20), OpenFlags(rawValue: .min),
      ]
      for access in [OpenFlags.readOnly, .writeOnly, .readWrite] {
        let flags = try Self.hostFlags(access.union(dangerous), guest)
        #expect(flags.accessMode == access)
        #expect(flags.isDisjoint(with: dangerous.subtracting([.create, .exclusive])))
      }
    }
  }

  @Test func directIOReachesTheHostIfTheOperatorAllowsIt() async throws {
    try await withGuest({ $0.allowsDirectIO = true }) { guest in
      #expect(try Self.hostFlags([.readOnly, .direct], guest).contains(.direct))
      let handle = try guest.open(try guest.lookup("file").node, [.readWrite, .direct]).handle
      guard case .read(let file, _, _) = try guest.view.read(.root, ReadIn(handle: handle)) else {
        throw Errno.protocolError
      }
      // Each call waits for the disk.
      #expect(file.readsAtOnce == .no)
      #expect(file.writesAtOnce == .no)
    }
  }

  @Test func anAccessModeThatIsNoneIsRefused() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "")
      let file = try guest.lookup("file").node
      let both = OpenFlags.writeOnly.union(.readWrite)
      #expect(throws: Errno.invalidArgument) { try guest.open(file, both) }
      #expect(throws: Errno.invalidArgument) { try guest.create("new", both) }
      #expect(throws: Errno.invalidArgument) { try guest.tmpfile(both) }
    }
  }

  @Test func openTruncates() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "contents")
      _ = try guest.open(try guest.lookup("file").node, [.writeOnly, .truncate])
      #expect(try hostReadText(guest.path("file")) == "")
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func openThatTruncatesClearsSetIDBitsExactlyIfAskedTo(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      for (kills, mode) in [(false, 0o4755), (true, 0o755)] {
        try hostWrite(guest.path("file"), "contents")
        try hostSetMode(guest.path("file"), 0o4755)
        let file = try guest.lookup("file").node
        _ = try guest.open(file, [.writeOnly, .truncate], killSetID: kills)
        #expect(try hostStatus(guest.path("file")).permissions == UInt32(mode))
      }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func anUnlinkedFileStaysReadableAndWritable(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let file = try guest.create("file")
      try guest.write("first", to: file.open.handle)
      try guest.unlink("file")
      try guest.write("after", to: file.open.handle, at: 5)
      #expect(try guest.read(file.open.handle) == "firstafter")
      let again = try guest.open(file.entry.node)
      #expect(try guest.read(again.handle) == "firstafter")
    }
  }

  @Test func aReleasedHandleIsUnknownAndReleasingItAgainIsNoError() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      try guest.release(handle)
      try guest.release(handle)
      try guest.release(.max)
      #expect(throws: Errno.badDescriptor) { try guest.read(handle) }
      #expect(throws: Errno.badDescriptor) { try guest.writeCall(to: handle) }
      #expect(throws: Errno.badDescriptor) {
        try guest.view.flush(.root, FlushIn(handle: handle))
      }
      #expect(throws: Errno.badDescriptor) {
        try guest.view.fsync(.root, FsyncIn(handle: handle))
      }
      #expect(guest.share.counts.openFiles == 0)
    }
  }

  @Test func flushClosesNothing() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      try guest.view.flush(.root, FlushIn(handle: handle))
      try guest.write("still", to: handle)
      #expect(try guest.read(handle) == "still")
    }
  }

  @Test func theBudgetForDescriptorsIsAnErrorOfTheGuests() async throws {
    try await withGuest({ $0.descriptorBudget = 20 }) { guest in
      try hostWrite(guest.path("file"), "")
      let file = try guest.lookup("file").node
      var handles: [UInt64] = []
      #expect(throws: Errno.tableFull) {
        for _ in 0..<100 { handles.append(try guest.open(file).handle) }
      }
      #expect(handles.count > 5)
      for handle in handles { try guest.release(handle) }
      guest.view.quiesce()
      _ = try guest.open(file)
    }
  }

  @Test(
    arguments: zip(
      CachePolicy.allCases, [[], .keepCache, .directIO, .directIO] as [OpenReplyFlags]))
  func theCachePolicyDecidesHowTheGuestTreatsAFile(
    policy: CachePolicy, flags: OpenReplyFlags
  ) async throws {
    try await withGuest({ $0.cache = policy }) { guest in
      // Where closing does nothing the guest need not ask what it reports.
      let flags = try flags.union(guest.isOnNativeFileSystem ? .noFlush : [])
      let file = try guest.create("file")
      #expect(file.open.flags == flags)
      #expect(try guest.open(file.entry.node).flags == flags)
      #expect(try guest.tmpfile().open.flags == flags)
    }
  }
}
