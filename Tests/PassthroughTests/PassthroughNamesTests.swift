import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughNamesTests {
  @Test func aLookupBringsTheHostsAttributes() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "four", mode: 0o640)
      try hostSetOwner(guest.path("file"), uid: 1000, gid: 1001)
      let entry = try guest.lookup("file")
      let host = try hostStatus(guest.path("file"))
      #expect(entry.node.rawValue > NodeID.root.rawValue)
      #expect(entry.attr.ino == host.inode)
      #expect(entry.attr.size == 4)
      #expect(entry.attr.mode == FileMode.regular | 0o640)
      #expect([entry.attr.uid, entry.attr.gid] == [1000, 1001])
    }
  }

  @Test func whatIsNotThereIsENOENTAndAnUnknownParentESTALE() async throws {
    try await withGuest { guest in
      #expect(throws: Errno.noEntry) { try guest.lookup("nothing") }
      #expect(throws: Errno.stale) { try guest.lookup("a", in: NodeID(rawValue: 77)) }
      #expect(throws: Errno.stale) { try guest.lookup("a", in: NodeID(rawValue: 0)) }
      #expect(throws: Errno.stale) { try guest.lookup("a", in: NodeID(rawValue: .max)) }
    }
  }

  @Test func aFileIsNoDirectoryToLookIn() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular | 0o644).node
      #expect(throws: Errno.notDirectory) { try guest.lookup("a", in: file) }
      #expect(throws: Errno.notDirectory) { try guest.mkdir("a", in: file) }
      #expect(throws: Errno.notDirectory) { try guest.unlink("a", in: file) }
    }
  }

  @Test func aLinkIsLookedUpItselfAndLeadsNowhere() async throws {
    try await withGuest { guest in
      let outside = try TemporaryDirectory("outside")
      try hostSymbolicLink(guest.path("link"), to: outside.path)
      let link = try guest.lookup("link")
      #expect(link.attr.mode & FileMode.mask == FileMode.link)
      #expect(throws: Errno.notDirectory) { try guest.mkdir("made", in: link.node) }
      #expect(try hostNames(outside.path) == [])
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func whatIsMadeBelongsToTheCallerWithItsUmask(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      guest.creator = Creator(uid: 1000, gid: 1001, umask: 0o027)
      let made = [
        try guest.mkdir("directory", mode: 0o777),
        try guest.mknod("file", mode: FileMode.regular | 0o666),
        try guest.mknod("fifo", mode: FileMode.fifo | 0o666),
        try guest.create("created", mode: 0o666).entry,
        try guest.tmpfile(mode: 0o666).entry,
      ]
      #expect(made.map(\.attr.uid) == Array(repeating: 1000, count: 5))
      #expect(made.map(\.attr.gid) == Array(repeating: 1001, count: 5))
      #expect(made.map { $0.attr.mode & 0o777 } == [0o750, 0o640, 0o640, 0o640, 0o640])
      #expect(try guest.symlink("link", to: "x").attr.uid == 1000)
    }
  }

  @Test func theNextObjectIsTheNextCallers() async throws {
    try await withGuest { guest in
      guest.creator = Creator(uid: 1000, gid: 1000, umask: 0o077)
      _ = try guest.mkdir("private", mode: 0o777)
      guest.creator = Creator(uid: 0, gid: 0)
      let open = try guest.mkdir("open", mode: 0o777)
      #expect(open.attr.uid == 0)
      #expect(open.attr.mode & 0o777 == 0o777)
    }
  }

  /// The guest has checked the permissions, by groups that the host does not hear of.
  @Test func aCallerCreatesWhereTheGuestHasAllowedIt() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("private"), mode: 0o700)
      let directory = try guest.lookup("private").node
      guest.creator = Creator(uid: 1000, gid: 1000)
      #expect(try guest.create("file", in: directory).entry.attr.uid == 1000)
      #expect(try guest.mkdir("sub", in: directory).attr.uid == 1000)
    }
  }

  @Test func aSetGroupIDDirectoryPassesItsGroupOn() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("team"))
      try hostSetOwner(guest.path("team"), uid: 0, gid: 2000)
      try hostSetMode(guest.path("team"), 0o2777)
      let team = try guest.lookup("team").node
      guest.creator = Creator(uid: 1000, gid: 1000)
      let sub = try guest.mkdir("sub", in: team, mode: 0o755)
      #expect(sub.attr.gid == 2000)
      #expect(sub.attr.mode & 0o7777 == 0o2755)
      #expect(try guest.create("file", in: team).entry.attr.gid == 2000)
    }
  }

  @Test func aSetGroupIDFileIsForMembersOfTheGroup() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("team"))
      try hostSetOwner(guest.path("team"), uid: 0, gid: 2000)
      try hostSetMode(guest.path("team"), 0o2777)
      let team = try guest.lookup("team").node
      guest.creator = Creator(uid: 1000, gid: 1000)
      #expect(try guest.create("not", in: team, mode: 0o2755).entry.attr.mode & 0o2000 == 0)
      var member = Creator(uid: 1000, gid: 1000)
      try member.addGroup(2000)
      guest.creator = member
      #expect(try guest.create("yes", in: team, mode: 0o2755).entry.attr.mode & 0o2000 != 0)
    }
  }

  @Test func aDefaultACLReplacesTheUmask() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("shared"))
      try hostSetDefaultACL(guest.path("shared"), owner: 7, group: 7, others: 5)
      let shared = try guest.lookup("shared").node
      guest.creator = Creator(uid: 1000, gid: 1000, umask: 0o077)
      #expect(try guest.mkdir("sub", in: shared, mode: 0o777).attr.mode & 0o777 == 0o775)
      #expect(try guest.mkdir("plain", mode: 0o777).attr.mode & 0o777 == 0o700)
    }
  }

  @Test func aNameThatExistsIsNotMadeAgain() async throws {
    try await withGuest { guest in
      let node = try guest.mkdir("name").node
      #expect(throws: Errno.exists) { try guest.mkdir("name") }
      #expect(throws: Errno.exists) { try guest.mknod("name", mode: FileMode.fifo) }
      #expect(throws: Errno.exists) { try guest.symlink("name", to: "x") }
      let file = try guest.mknod("file", mode: 0o644).node
      #expect(throws: Errno.exists) { try guest.link(file, as: "name") }
      #expect(try guest.lookup("name").node == node)
    }
  }

  @Test func devicesKeepTheirNumbers() async throws {
    try await withGuest { guest in
      // Major 259 and minor 0x12345, as the kernel puts them into 32 bits.
      let number: UInt32 = 0x45 | 259 << 8 | 0x123 << 20
      let device = try guest.mknod("device", mode: FileMode.block | 0o600, device: number)
      #expect(device.attr.device == number)
      #expect(device.attr.mode == FileMode.block | 0o600)
      let whiteout = try guest.mknod("whiteout", mode: FileMode.character)
      #expect(whiteout.attr.device == 0)
    }
  }

  @Test func aFileOfNoTypeIsARegularOne() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: 0o644)
      #expect(file.attr.mode == FileMode.regular | 0o644)
    }
  }

  @Test func eachRemovesWhatItIsFor() async throws {
    try await withGuest { guest in
      let directory = try guest.mkdir("directory").node
      _ = try guest.mknod("file", in: directory, mode: FileMode.regular)
      #expect(throws: Errno.isDirectory) { try guest.unlink("directory") }
      #expect(throws: Errno.notEmpty) { try guest.rmdir("directory") }
      #expect(throws: Errno.notDirectory) { try guest.rmdir("file", in: directory) }
      try guest.unlink("file", in: directory)
      try guest.rmdir("directory")
      #expect(throws: Errno.noEntry) { try guest.unlink("directory") }
      #expect(try hostNames(guest.directory.path) == [])
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aRenamedFileKeepsItsNode(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let directory = try guest.mkdir("directory").node
      let file = try guest.mknod("file", mode: FileMode.regular).node
      try guest.rename("file", to: "other", into: directory)
      #expect(try guest.lookup("other", in: directory).node == file)
      #expect(throws: Errno.noEntry) { try guest.lookup("file") }
    }
  }

  @Test func renamesReplaceExchangeOrRefuse() async throws {
    try await withGuest { guest in
      let a = try guest.mknod("a", mode: FileMode.regular).node
      let b = try guest.mknod("b", mode: FileMode.regular).node
      #expect(throws: Errno.exists) { try guest.rename("a", to: "b", flags: 1) }
      try guest.rename("a", to: "b", flags: 2)
      #expect(try guest.lookup("a").node == b)
      #expect(try guest.lookup("b").node == a)
      try guest.rename("a", to: "b")
      #expect(try guest.lookup("b").node == b)
      #expect(try hostNames(guest.directory.path) == ["b"])
    }
  }

  @Test func aWhiteoutIsLeftUnderTheOldName() async throws {
    try await withGuest { guest in
      _ = try guest.mknod("file", mode: FileMode.regular)
      try guest.rename("file", to: "moved", flags: 4)
      let whiteout = try guest.lookup("file").attr
      #expect(whiteout.mode & FileMode.mask == FileMode.character)
      #expect(whiteout.device == 0)
    }
  }

  @Test func otherRenameFlagsAreRefused() async throws {
    try await withGuest { guest in
      _ = try guest.mknod("file", mode: FileMode.regular)
      for flags: UInt32 in [8, 0x8000_0000, 3, 6] {
        #expect(throws: Errno.invalidArgument) {
          try guest.rename("file", to: "other", flags: flags)
        }
      }
      #expect(try hostNames(guest.directory.path) == ["file"])
    }
  }

  @Test func forgottenNodesAreStale() async throws {
    try await withGuest { guest in
      let directory = try guest.mkdir("directory").node
      _ = try guest.lookup("directory")
      guest.view.forget(directory, lookups: 1)
      #expect(throws: Errno.noEntry) { try guest.lookup("a", in: directory) }
      guest.view.forget(directory, lookups: 1)
      #expect(throws: Errno.stale) { try guest.lookup("a", in: directory) }
      let again = try guest.lookup("directory").node
      #expect(again != directory)
    }
  }

  @Test func failuresLeaveNoLookupsBehind() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("directory"))
      #expect(throws: Errno.exists) { try guest.create("directory") }
      #expect(throws: Errno.exists) { try guest.mkdir("directory") }
      #expect(throws: Errno.noEntry) { try guest.lookup("nothing") }
      #expect(guest.share.counts.nodes == 1)
      #expect(guest.share.counts.openFiles == 0)
    }
  }
}
