import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughLinksTests {
  @Test(arguments: FileHandleMode.allCases)
  func aHardLinkIsTheSameNode(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      let link = try guest.link(file, as: "link")
      #expect(link.node == file)
      #expect(link.attr.linkCount == 2)
      #expect(try guest.lookup("link").node == file)
    }
  }

  @Test func eachLinkCountsAsALookup() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      _ = try guest.link(file, as: "link")
      guest.view.forget(file, lookups: 1)
      #expect(try guest.attributes(file).linkCount == 2)
      guest.view.forget(file, lookups: 1)
      #expect(throws: Errno.stale) { try guest.attributes(file) }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aLinkToALinkIsNotOneToItsTarget(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let link = try guest.symlink("link", to: "/etc/passwd").node
      #expect(try guest.link(link, as: "other").node == link)
      #expect(try hostStatus(guest.path("other")).type == FileMode.link)
    }
  }

  @Test func directoriesHaveOneName() async throws {
    try await withGuest { guest in
      let directory = try guest.mkdir("directory").node
      #expect(throws: Errno.notPermitted) { try guest.link(directory, as: "other") }
    }
  }

  @Test func readlinkGivesTheTextWhatever() async throws {
    try await withGuest { guest in
      for text in ["../../outside", "/", "\u{e9} \n", String(repeating: "a/", count: 2047) + "b"] {
        let link = try guest.symlink("link", to: text)
        #expect(link.attr.size == UInt64(text.utf8.count))
        #expect(try guest.readlink(link.node) == text)
        try guest.unlink("link")
      }
    }
  }

  @Test func aTextThatIsTooLongOrEmptyIsRefused() async throws {
    try await withGuest { (guest) throws in
      #expect(throws: Errno.nameTooLong) {
        try guest.symlink("link", to: String(repeating: "a", count: 4096))
      }
      #expect(throws: Errno.noEntry) { try guest.symlink("link", to: "") }
      #expect(try hostNames(guest.directory.path) == [])
    }
  }

  @Test func onlyLinksHaveATarget() async throws {
    try await withGuest { guest in
      let file = try guest.mknod("file", mode: FileMode.regular).node
      #expect(throws: Errno.invalidArgument) { try guest.readlink(file) }
      #expect(throws: Errno.invalidArgument) { try guest.readlink(.root) }
      #expect(throws: Errno.stale) { try guest.readlink(NodeID(rawValue: 99)) }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aFileWithoutANameGetsOneByLink(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let file = try guest.tmpfile()
      #expect(file.entry.attr.linkCount == 0)
      try guest.write("contents", to: file.open.handle)
      let link = try guest.link(file.entry.node, as: "named")
      #expect(link.node == file.entry.node)
      #expect(link.attr.linkCount == 1)
      #expect(try hostReadText(guest.path("named")) == "contents")
    }
  }

  @Test func aFileMadeToStayNamelessCannotBeLinked() async throws {
    try await withGuest { guest in
      let file = try guest.tmpfile([.readWrite, .exclusive])
      #expect(throws: Errno.noEntry) { try guest.link(file.entry.node, as: "named") }
      #expect(try hostNames(guest.directory.path) == [])
    }
  }

  /// Which the daemon has only if it keeps files by handle.
  @Test func linksNeedNoRightToSearch() async throws {
    try await withGuest({ $0.fileHandles = .never }) { guest in
      let file = try guest.tmpfile()
      let named = try guest.mknod("named", mode: FileMode.regular).node
      var less = try ThreadCapabilities.current()
      less.effective.remove(.dacReadSearch)
      try less.apply()
      #expect(try guest.link(file.entry.node, as: "one").node == file.entry.node)
      #expect(try guest.link(named, as: "two").attr.linkCount == 2)
    }
  }
}
