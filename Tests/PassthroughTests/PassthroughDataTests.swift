import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughDataTests {
  @Test func aReadAsksForWhatTheGuestAskedFor() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      let arguments = ReadIn(handle: handle, offset: 1 << 40, byteCount: 1 << 20)
      guard case .read(let file, let offset, let byteCount) = try guest.view.read(.root, arguments)
      else {
        Issue.record("not a read")
        return
      }
      #expect([offset, UInt64(byteCount), file.handle] == [1 << 40, 1 << 20, handle])
      #expect(!file.isRemote)
    }
  }

  @Test func anAppendingWriteGoesToTheEndWhereverThatIs() async throws {
    try await withGuest { guest in
      let file = try guest.create("file", [.writeOnly, .append])
      try guest.write("one", to: file.open.handle, flags: [.writeOnly, .append])
      try hostWrite(guest.path("file"), "longer")
      try guest.write("two", to: file.open.handle, at: 3, flags: [.writeOnly, .append])
      #expect(try hostReadText(guest.path("file")) == "longertwo")
    }
  }

  /// The guest may write pages back through any handle that may write.
  @Test func aPageWrittenBackThroughAnAppendingHandleStaysWhereItBelongs() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "aaaaaaaa")
      let file = try guest.lookup("file").node
      let handle = try guest.open(file, [.readWrite, .append]).handle
      let flags: OpenFlags = [.readWrite, .append]
      try guest.write("bb", to: handle, at: 2, flags: flags, writeFlags: .cache)
      #expect(try hostReadText(guest.path("file")) == "aabbaaaa")
    }
  }

  @Test func synchronousWritesAreSynchronousOnTheHostUnlessTheyAreWrittenBack() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      #expect(try guest.writeCall(to: handle).syncFlags == 0)
      #expect(
        try guest.writeCall(to: handle, flags: [.readWrite, .sync]).syncFlags
          == ReadWriteFlags.sync)
      #expect(
        try guest.writeCall(to: handle, flags: [.readWrite, .dataSync]).syncFlags
          == ReadWriteFlags.dataSync)
      #expect(
        try guest.writeCall(to: handle, flags: [.readWrite, .sync], writeFlags: .cache).syncFlags
          == 0)
    }
  }

  @Test func aWriteDropsTheCapabilityOnlyForAFileThatHasSetIDBits() async throws {
    try await withGuest { guest in
      let plain = try guest.create("plain", mode: 0o755).open.handle
      let setUser = try guest.create("user", mode: 0o4755).open.handle
      let setGroup = try guest.create("group", mode: 0o2755).open.handle
      #expect(try !guest.writeCall(to: plain, writeFlags: .killSetID).killsSetID)
      #expect(try guest.writeCall(to: setUser, writeFlags: .killSetID).killsSetID)
      #expect(try guest.writeCall(to: setGroup, writeFlags: .killSetID).killsSetID)
      #expect(try !guest.writeCall(to: setUser).killsSetID)
    }
  }

  @Test func aWriteClearsSetIDBitsExactlyIfAskedTo() async throws {
    try await withGuest { guest in
      let file = try guest.create("file", mode: 0o6755)
      try guest.write("a", to: file.open.handle)
      #expect(try hostStatus(guest.path("file")).permissions == 0o6755)
      try guest.write("b", to: file.open.handle, writeFlags: .killSetID)
      #expect(try hostStatus(guest.path("file")).permissions == 0o755)
    }
  }

  @Test func dataGoesOnlyThroughHandlesOfFilesThatAllowIt() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "contents")
      let file = try guest.lookup("file").node
      let reader = try guest.open(file).handle
      #expect(throws: Errno.badDescriptor) { try guest.writeCall(to: reader) }
      let directory = try guest.view.opendir(.root, OpenIn()).handle
      #expect(throws: Errno.isDirectory) { try guest.read(directory) }
      #expect(throws: Errno.isDirectory) { try guest.writeCall(to: directory) }
      #expect(throws: Errno.badDescriptor) { try guest.read(99) }
    }
  }

  @Test func offsetsThatNoFileHasAreRefused() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      #expect(throws: Errno.invalidArgument) { try guest.read(handle, at: 1 << 63) }
      #expect(throws: Errno.fileTooBig) {
        try guest.view.write(
          .root, WriteIn(handle: handle, offset: (1 << 63) - 5, byteCount: 5))
      }
      #expect(throws: Errno.fileTooBig) {
        try guest.view.write(.root, WriteIn(handle: handle, offset: .max, byteCount: .max))
      }
    }
  }

  @Test func fsyncSaysHowMuch() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      for (flags, expected) in [(FsyncFlags.dataOnly, true), ([], false)] {
        let call = try guest.view.fsync(.root, FsyncIn(handle: handle, flags: flags))
        guard case .sync(let file, let dataOnly) = call else {
          Issue.record("not a sync")
          return
        }
        #expect(file.handle == handle)
        #expect(dataOnly == expected)
      }
    }
  }

  @Test func aPinnedFileOutlivesItsRelease() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      try guest.write("pinned", to: handle)
      guard case .read(let file, _, _) = try guest.view.read(.root, ReadIn(handle: handle)) else {
        Issue.record("not a read")
        return
      }
      guest.view.pin(file)
      try guest.release(handle)
      guest.view.quiesce()
      #expect(try hostRead(file.descriptor, at: 0, 100) == "pinned")
      #expect(try openDescriptorsOfThisProcess().contains { $0.contains(guest.path("file")) })
      #expect(throws: Errno.badDescriptor) { try guest.read(handle) }
      guest.view.unpin(file)
      guest.view.quiesce()
      guest.view.quiesce()
      // Not the number: another test may have been given it since.
      #expect(try !openDescriptorsOfThisProcess().contains { $0.contains(guest.path("file")) })
    }
  }
}
