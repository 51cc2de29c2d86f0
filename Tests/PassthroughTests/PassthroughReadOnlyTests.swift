import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughReadOnlyTests {
  private static func withReadOnlyGuest(
    _ body: @escaping @Sendable (Guest) throws -> Void
  ) async throws {
    try await withGuest({
      $0.isReadOnly = true
      $0.allowsExtendedAttributes = true
    }) { guest in
      try hostWrite(guest.path("file"), "contents", mode: 0o666)
      try hostMakeDirectory(guest.path("directory"))
      try hostSymbolicLink(guest.path("link"), to: "file")
      try body(guest)
    }
  }

  @Test func everythingThatChangesNamesIsRefused() async throws {
    try await Self.withReadOnlyGuest { guest in
      let file = try guest.lookup("file").node
      let before = try hostNames(guest.directory.path)
      #expect(throws: Errno.readOnly) { try guest.mkdir("new") }
      #expect(throws: Errno.readOnly) { try guest.mknod("new", mode: FileMode.regular) }
      #expect(throws: Errno.readOnly) { try guest.symlink("new", to: "x") }
      #expect(throws: Errno.readOnly) { try guest.link(file, as: "new") }
      #expect(throws: Errno.readOnly) { try guest.create("new") }
      #expect(throws: Errno.readOnly) { try guest.create("file", .readOnly) }
      #expect(throws: Errno.readOnly) { try guest.tmpfile() }
      #expect(throws: Errno.readOnly) { try guest.unlink("file") }
      #expect(throws: Errno.readOnly) { try guest.rmdir("directory") }
      for flags: UInt32 in [0, 1, 2, 4] {
        #expect(throws: Errno.readOnly) { try guest.rename("file", to: "new", flags: flags) }
      }
      #expect(try hostNames(guest.directory.path) == before)
    }
  }

  @Test func everythingThatChangesFilesIsRefused() async throws {
    try await Self.withReadOnlyGuest { guest in
      let file = try guest.lookup("file").node
      let before = try hostStatus(guest.path("file"))
      #expect(throws: Errno.readOnly) { try guest.open(file, .writeOnly) }
      #expect(throws: Errno.readOnly) { try guest.open(file, .readWrite) }
      #expect(throws: Errno.readOnly) { try guest.open(file, [.readOnly, .truncate]) }
      for valid in [SetattrValid.mode, .uid, .gid, .size, .atime, .mtimeNow] {
        #expect(throws: Errno.readOnly) { try guest.setattr(file, SetattrIn(valid: valid)) }
      }
      let handle = try guest.open(file).handle
      #expect(throws: Errno.badDescriptor) { try guest.writeCall(to: handle) }
      #expect(throws: Errno.readOnly) {
        try guest.view.fallocate(.root, FallocateIn(handle: handle, byteCount: 1))
      }
      #expect(throws: Errno.readOnly) {
        try guest.view.copyFileRange(
          .root, CopyFileRangeIn(sourceHandle: handle, destinationHandle: handle, byteCount: 1))
      }
      #expect(throws: Errno.readOnly) {
        try guest.view.access(file, AccessIn(mask: 2), uid: 0, gid: 0)
      }
      #expect(try hostStatus(guest.path("file")) == before)
    }
  }

  @Test func readingWorks() async throws {
    try await Self.withReadOnlyGuest { guest in
      let file = try guest.lookup("file").node
      let handle = try guest.open(file).handle
      #expect(try guest.read(handle) == "contents")
      #expect(try guest.attributes(file).size == 8)
      #expect(try guest.readlink(try guest.lookup("link").node) == "file")
      _ = try guest.view.statfs(.root)
      try guest.view.access(file, AccessIn(mask: 4), uid: 1, gid: 1)
      try guest.view.flush(file, FlushIn(handle: handle))
      _ = try guest.view.fsync(file, FsyncIn(handle: handle))
      try guest.view.syncfs(.root)
      try guest.release(handle)
    }
  }
}
