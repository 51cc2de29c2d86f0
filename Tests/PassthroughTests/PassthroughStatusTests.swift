import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughStatusTests {
  @Test func statfsIsTheHosts() async throws {
    try await withGuest { guest in
      let link = try guest.symlink("link", to: "nowhere").node
      let directory = try openHostDirectory(guest.directory.path)
      let host = try directory.borrowed.fileSystemStatus()
      for node in [NodeID.root, link] {
        let status = try guest.view.statfs(node)
        #expect(status.blocks == host.blocks)
        #expect(status.files == host.files)
        #expect(status.maximumNameByteCount == 255)
        #expect(UInt64(status.fragmentSize) == host.blockSize)
        #expect(UInt64(status.blockSize) == host.transferSize)
        #expect(status.availableBlocks <= status.freeBlocks)
      }
      #expect(throws: Errno.stale) { try guest.view.statfs(NodeID(rawValue: 55)) }
    }
  }

  @Test func syncfsTakesWhatCanBeOpened() async throws {
    try await withGuest { guest in
      let fifo = try guest.mknod("fifo", mode: FileMode.fifo | 0o600).node
      try guest.view.syncfs(.root)
      #expect(throws: Errno.invalidArgument) { try guest.view.syncfs(fifo) }
      #expect(throws: Errno.stale) { try guest.view.syncfs(NodeID(rawValue: 55)) }
    }
  }

  /// What a caller may do: read 4, write 2, execute 1.
  private static func allowed(
    _ guest: Guest, _ node: NodeID, uid: UInt32, gid: UInt32
  ) -> UInt32 {
    var allowed: UInt32 = 0
    for mask: UInt32 in [4, 2, 1] {
      let result = Result { () throws(Errno) in
        try guest.view.access(node, AccessIn(mask: mask), uid: uid, gid: gid)
      }
      switch result {
      case .success: allowed |= mask
      case .failure(let error): #expect(error == .accessDenied)
      }
    }
    return allowed
  }

  @Test func accessIsByOwnerGroupAndOthers() async throws {
    try await withGuest { guest in
      guest.creator = Creator(uid: 1000, gid: 1001)
      let file = try guest.mknod("file", mode: FileMode.regular | 0o641).node
      #expect(Self.allowed(guest, file, uid: 1000, gid: 1) == 6)
      #expect(Self.allowed(guest, file, uid: 1, gid: 1001) == 4)
      #expect(Self.allowed(guest, file, uid: 1, gid: 1) == 1)
      #expect(Self.allowed(guest, file, uid: 0, gid: 0) == 7)
    }
  }

  @Test func rootExecutesOnlyWhatIsExecutable() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      #expect(Self.allowed(guest, file, uid: 0, gid: 0) == 6)
      let directory = try guest.mkdir("directory", mode: 0).node
      #expect(Self.allowed(guest, directory, uid: 0, gid: 0) == 7)
    }
  }

  @Test func accessAsksForWhatThereIs() async throws {
    try await withGuest { guest in
      try guest.view.access(.root, AccessIn(mask: 0), uid: 1, gid: 1)
      #expect(throws: Errno.invalidArgument) {
        try guest.view.access(.root, AccessIn(mask: 8), uid: 0, gid: 0)
      }
      #expect(throws: Errno.stale) {
        try guest.view.access(NodeID(rawValue: 55), AccessIn(mask: 0), uid: 0, gid: 0)
      }
    }
  }
}
