import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughAttributesTests {
  @Test(arguments: FileHandleMode.allCases)
  func aFileIsDescribedAfterItsLastNameHasGone(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let file = try guest.create("file")
      try guest.write("12345", to: file.open.handle)
      try guest.unlink("file")
      let byNode = try guest.attributes(file.entry.node)
      let byHandle = try guest.view.getattr(
        file.entry.node, GetattrIn(flags: .handle, handle: file.open.handle)
      ).attr
      for attributes in [byNode, byHandle] {
        #expect(attributes.linkCount == 0)
        #expect(attributes.size == 5)
      }
    }
  }

  @Test func anUnknownOrForeignHandleMakesGetattrGoByTheNode() async throws {
    try await withGuest { guest in
      let file = try guest.create("file")
      let other = try guest.create("other", mode: 0o600)
      for handle in [UInt64.max, file.open.handle] {
        let attributes = try guest.view.getattr(
          other.entry.node, GetattrIn(flags: .handle, handle: handle)
        ).attr
        #expect(attributes.ino == other.entry.attr.ino)
      }
    }
  }

  @Test func chownComesBeforeChmodSoThatSetIDBitsStay() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular | 0o755).node
      let attributes = try guest.setattr(
        file,
        SetattrIn(valid: [.mode, .uid, .gid], mode: FileMode.regular | 0o6755, uid: 1, gid: 2))
      #expect(attributes.mode == FileMode.regular | 0o6755)
      #expect([attributes.uid, attributes.gid] == [1, 2])
    }
  }

  @Test func aNewOwnerAloneClearsSetIDBits() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular | 0o6755).node
      let attributes = try guest.setattr(file, SetattrIn(valid: [.uid, .killSetID], uid: 1))
      #expect(attributes.mode & 0o7777 == 0o755)
      #expect([attributes.uid, attributes.gid] == [1, 0])
    }
  }

  @Test func truncationComesBeforeTheTimes() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "contents")
      let file = try guest.lookup("file").node
      let attributes = try guest.setattr(
        file,
        SetattrIn(
          valid: [.size, .atime, .mtime], size: 3, atime: 1_000_000, mtime: 2_000_000,
          atimeNanoseconds: 5, mtimeNanoseconds: 999_999_999))
      #expect(attributes.size == 3)
      #expect([attributes.atime, attributes.mtime] == [1_000_000, 2_000_000])
      #expect([attributes.atimeNanoseconds, attributes.mtimeNanoseconds] == [5, 999_999_999])
      #expect(try hostReadText(guest.path("file")) == "con")
    }
  }

  @Test func oneTimeIsSetAndTheOtherLeftOrNow() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      _ = try guest.setattr(file, SetattrIn(valid: [.atime, .mtime], atime: 10, mtime: 20))
      let access = try guest.setattr(file, SetattrIn(valid: .atime, atime: 30, mtime: 40))
      #expect([access.atime, access.mtime] == [30, 20])
      let now = try guest.setattr(file, SetattrIn(valid: [.mtime, .mtimeNow], mtime: 50))
      #expect(now.atime == 30)
      #expect(now.mtime > 1_700_000_000)
    }
  }

  @Test func timesBefore1970AreTimes() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      let seconds = UInt64(bitPattern: -5)
      #expect(try guest.setattr(file, SetattrIn(valid: .mtime, mtime: seconds)).mtime == seconds)
    }
  }

  /// Among them those that mean "now" and "leave it" to the host.
  @Test(arguments: [1_000_000_000, 0x3fff_ffff, 0x3fff_fffe, .max] as [UInt32])
  func nanosecondsAreLessThanASecond(nanoseconds: UInt32) async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      #expect(throws: Errno.invalidArgument) {
        try guest.setattr(file, SetattrIn(valid: .atime, atimeNanoseconds: nanoseconds))
      }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aLinksOwnTimesAndOwnerAreSetNotItsTargets(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      try hostWrite(guest.path("target"), "")
      let before = try hostStatus(guest.path("target"))
      let link = try guest.symlink("link", to: "target").node
      let attributes = try guest.setattr(
        link, SetattrIn(valid: [.uid, .gid, .mtime], mtime: 77, uid: 5, gid: 6))
      #expect(attributes.mtime == 77)
      #expect([attributes.uid, attributes.gid] == [5, 6])
      #expect(try hostStatus(guest.path("target")) == before)
    }
  }

  @Test func aLinkHasNoModeOfItsOwn() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("target"), "", mode: 0o640)
      let link = try guest.symlink("link", to: "target").node
      #expect(throws: Errno.notSupported) {
        try guest.setattr(link, SetattrIn(valid: .mode, mode: 0o777))
      }
      #expect(try hostStatus(guest.path("target")).permissions == 0o640)
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func modesAreSetOfWhatCannotBeOpened(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let fifo = try guest.mknod("fifo", mode: FileMode.fifo | 0o600).node
      let device = try guest.mknod("device", mode: FileMode.character | 0o600).node
      #expect(try guest.setattr(fifo, SetattrIn(valid: .mode, mode: 0o622)).mode & 0o777 == 0o622)
      #expect(
        try guest.setattr(device, SetattrIn(valid: .mode, mode: 0o1640)).mode & 0o7777 == 0o1640)
    }
  }

  @Test func aReadOnlyFileIsTruncatedThroughTheHandleThatMayWrite() async throws {
    try await withGuest { guest in
      let file = try guest.create("file", mode: 0o444)
      try guest.write("contents", to: file.open.handle)
      let attributes = try guest.setattr(
        file.entry.node,
        SetattrIn(valid: [.size, .handle], handle: file.open.handle, size: 100))
      #expect(attributes.size == 100)
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aHandleThatMayNotWriteDoesNotKeepAFileFromBeingTruncated(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      try hostWrite(guest.path("file"), "contents")
      try hostWrite(guest.path("other"), "contents")
      let file = try guest.lookup("file").node
      let handle = try guest.open(file).handle
      let foreign = try guest.open(try guest.lookup("other").node, .readWrite).handle
      for handle in [handle, foreign, 12345] {
        _ = try guest.setattr(
          file, SetattrIn(valid: [.size, .handle], handle: handle, size: 2))
        #expect(try hostReadText(guest.path("file")) == "co")
        try hostWrite(guest.path("file"), "contents")
      }
      #expect(try hostReadText(guest.path("other")) == "contents")
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func truncationClearsSetIDBitsExactlyIfAskedTo(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      for (valid, mode) in [(SetattrValid.size, 0o6755), ([.size, .killSetID], 0o755)] {
        try hostWrite(guest.path("file"), "contents")
        try hostSetMode(guest.path("file"), 0o6755)
        let file = try guest.lookup("file").node
        let attributes = try guest.setattr(file, SetattrIn(valid: valid, size: 1))
        #expect(attributes.mode & 0o7777 == UInt32(mode))
        try guest.unlink("file")
      }
    }
  }

  @Test func onlyRegularFilesHaveALength() async throws {
    try await withGuest { guest in
      let size = SetattrIn(valid: .size, size: 0)
      let fifo = try guest.mknod("fifo", mode: FileMode.fifo | 0o600).node
      let link = try guest.symlink("link", to: "fifo").node
      #expect(throws: Errno.isDirectory) { try guest.setattr(.root, size) }
      #expect(throws: Errno.invalidArgument) { try guest.setattr(fifo, size) }
      #expect(throws: Errno.invalidArgument) { try guest.setattr(link, size) }
    }
  }

  @Test func lengthsAndIDsThatCannotBeAreRefused() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      #expect(throws: Errno.fileTooBig) {
        try guest.setattr(file, SetattrIn(valid: .size, size: .max))
      }
      #expect(throws: Errno.invalidArgument) {
        try guest.setattr(file, SetattrIn(valid: .uid, uid: .max))
      }
      #expect(throws: Errno.invalidArgument) {
        try guest.setattr(file, SetattrIn(valid: .gid, gid: .max))
      }
    }
  }

  @Test func nothingToChangeIsNoChange() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular | 0o600).node
      let before = try guest.attributes(file)
      let after = try guest.setattr(
        file, SetattrIn(valid: [.ctime, .lockOwner], size: 5, ctime: 5, mode: 0, uid: 5))
      #expect(after.mode == before.mode)
      #expect([after.size, after.ctime] == [before.size, before.ctime])
      #expect(after.uid == before.uid)
      #expect(throws: Errno.stale) { try guest.setattr(NodeID(rawValue: 9), SetattrIn()) }
    }
  }
}
