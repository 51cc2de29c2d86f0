import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Operations on names, each through the socket, with what the host sees afterwards.
@Suite struct NameTests {
  @Test(arguments: Backend.all) func looksUpWhatIsThere(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in
      try hostWrite("\(share)/file", "12345", mode: 0o640)
      try hostMakeDirectory("\(share)/dir", mode: 0o750)
      try hostSymbolicLink("\(share)/link", to: "file")
      try hostSetOwner("\(share)/file", uid: 1001, gid: 1002)
    }
    let file = try guest.client.lookup("file")
    let host = try hostStatus(guest.share("file"))
    #expect(file.node != .root && file.node.rawValue != 0)
    #expect(file.attr.mode == host.mode)
    #expect(file.attr.size == 5)
    #expect(file.attr.uid == 1001 && file.attr.gid == 1002)
    #expect(file.attr.linkCount == 1)
    #expect(file.attr.ino == host.inode)
    #expect(Int64(file.attr.mtime) == host.modificationSeconds)
    #expect(Int64(file.attr.mtimeNanoseconds) == host.modificationNanoseconds)
    #expect(try guest.client.lookup("dir").attr.mode == 0o040750)
    #expect(try guest.client.lookup("link").attr.mode & 0o170000 == 0o120000)
    #expect(throws: FrontEndError.reply(.noEntry)) { try guest.client.lookup("absent") }
    #expect(throws: FrontEndError.reply(.notDirectory)) {
      try guest.client.lookup("x", in: file.node)
    }
  }

  @Test(arguments: Backend.all) func aFileHasOneNode(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in
      try hostWrite("\(share)/a", "")
      try hostLink("\(share)/a", as: "\(share)/b")
    }
    let a = try guest.client.lookup("a")
    #expect(try guest.client.lookup("b").node == a.node)
    #expect(try guest.client.lookup("a").node == a.node)
    try hostRename(guest.share("a"), to: guest.share("c"))
    #expect(try guest.client.lookup("c").node == a.node)
    #expect(try guest.client.getattr(a.node).linkCount == 2)
  }

  @Test(arguments: Backend.all) func makesDirectoriesAndRemovesThem(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let entry = try guest.client.mkdir("d", mode: 0o751)
    #expect(entry.attr.mode == 0o040751)
    #expect(try hostStatus(guest.share("d")).mode == 0o040751)
    let inner = try guest.client.mkdir("e", in: entry.node)
    #expect(try hostStatus(guest.share("d/e")).type == 0o040000)
    #expect(inner.node != entry.node)
    #expect(throws: FrontEndError.reply(.notEmpty)) { try guest.client.rmdir("d") }
    #expect(throws: FrontEndError.reply(.exists)) { try guest.client.mkdir("d") }
    try guest.client.rmdir("e", in: entry.node)
    try guest.client.rmdir("d")
    #expect(!hostExists(guest.share("d")))
    // The C peer looks the name up first and says EIO for whatever that fails with.
    let absent = FrontEndError.reply(backend == .c ? .inputOutput : .noEntry)
    #expect(throws: absent) { try guest.client.rmdir("d") }
  }

  @Test(arguments: Backend.all) func makesNodesOfEveryKind(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let client = guest.client
    _ = try client.mknod("file", mode: 0o100644)
    _ = try client.mknod("fifo", mode: 0o010600)
    _ = try client.mknod("socket", mode: 0o140600)
    // The encoding of FUSE: major 1 and minor 3 are /dev/null.
    let null = try client.mknod("null", mode: 0o020666, device: 0x103)
    #expect(try hostStatus(guest.share("file")).mode == 0o100644)
    #expect(try hostStatus(guest.share("fifo")).mode == 0o010600)
    #expect(try hostStatus(guest.share("socket")).mode == 0o140600)
    #expect(try hostStatus(guest.share("null")).mode == 0o020666)
    #expect(try hostStatus(guest.share("null")).rdev == 0x103)
    #expect(null.attr.device == 0x103)
    #expect(throws: FrontEndError.reply(.exists)) { try client.mknod("file", mode: 0o100644) }
  }

  @Test(arguments: Backend.all) func makesAndReadsSymbolicLinks(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let entry = try guest.client.symlink("l", target: "../some/where")
    #expect(entry.attr.mode & 0o170000 == 0o120000)
    #expect(readSymbolicLink(guest.share("l")) == "../some/where")
    #expect(try guest.client.readlink(entry.node) == Array("../some/where".utf8))
    let long = NameBytes([UInt8](repeating: UInt8(ascii: "x"), count: 4095))
    let longEntry = try guest.client.symlink("long", target: long)
    #expect(try guest.client.readlink(longEntry.node) == long.bytes)
    #expect(throws: FrontEndError.reply(.exists)) {
      try guest.client.symlink("l", target: "other")
    }
  }

  @Test(arguments: Backend.all) func linksAndUnlinks(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/a", "abc") }
    let a = try guest.client.lookup("a")
    let b = try guest.client.link(a.node, as: "b")
    #expect(b.node == a.node)
    #expect(b.attr.linkCount == 2)
    #expect(try hostStatus(guest.share("b")).inode == hostStatus(guest.share("a")).inode)
    try guest.client.unlink("a")
    #expect(!hostExists(guest.share("a")))
    #expect(try guest.client.getattr(a.node).linkCount == 1)
    let absent = FrontEndError.reply(backend == .c ? .inputOutput : .noEntry)
    #expect(throws: absent) { try guest.client.unlink("a") }
    _ = try guest.client.mkdir("d")
    #expect(throws: FrontEndError.reply(.isDirectory)) { try guest.client.unlink("d") }
  }

  @Test(arguments: Backend.all) func renamesWithEveryFlag(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in
      try hostWrite("\(share)/a", "a")
      try hostWrite("\(share)/b", "b")
      try hostMakeDirectory("\(share)/d")
    }
    let client = guest.client
    let directory = try client.lookup("d").node
    let a = try client.lookup("a").node
    _ = try client.lookup("b")
    // RENAME_NOREPLACE
    #expect(throws: FrontEndError.reply(.exists)) { try client.rename("a", to: "b", flags: 1) }
    // RENAME_EXCHANGE
    try client.rename("a", to: "b", flags: 2)
    #expect(try hostReadText(guest.share("a")) == "b")
    #expect(try hostReadText(guest.share("b")) == "a")
    #expect(try client.lookup("b").node == a)
    try client.rename("b", to: "c", under: directory)
    #expect(try hostReadText(guest.share("d/c")) == "a")
    #expect(try client.lookup("c", in: directory).node == a)
    try client.rename("a", to: "c", under: directory)
    #expect(try hostReadText(guest.share("d/c")) == "b")
    #expect(try hostNames(guest.share()) == ["d"])
    #expect(throws: FrontEndError.self) { try client.rename("a", to: "b") }
    #expect(throws: FrontEndError.self) { try client.rename("d", to: "e", flags: 0x8000_0000) }
  }

  @Test func renamingWhatIsNotThereOrNotPossibleSaysSo() throws {
    let guest = try Guest(.swift) { share in
      try hostMakeDirectory("\(share)/d")
      try hostWrite("\(share)/f", "")
    }
    let client = guest.client
    let directory = try client.lookup("d").node
    #expect(throws: FrontEndError.reply(.noEntry)) { try client.rename("a", to: "b") }
    #expect(throws: FrontEndError.reply(.invalidArgument)) {
      try client.rename("d", to: "e", flags: 0x8000_0000)
    }
    #expect(throws: FrontEndError.reply(.invalidArgument)) {
      try client.rename("d", to: "e", under: directory)
    }
    #expect(throws: FrontEndError.reply(.isDirectory)) { try client.rename("f", to: "d") }
    #expect(try hostNames(guest.share()) == ["d", "f"])
  }

  /// With a file handle in place of an open file the host may have dropped the file; what must not
  /// happen is that its node means another file.
  @Test(arguments: [("never", 0), ("prefer", 0), ("prefer", 9)])
  func anOverwrittenFileIsNeverAnother(_ mode: String, _ pinLimit: Int) throws {
    let options = ["--inode-file-handles=\(mode)", "--pin-limit=\(pinLimit)"]
    let guest = try Guest(.swift, more: options) { share in
      try hostWrite("\(share)/a", "old")
      try hostWrite("\(share)/b", "newer")
    }
    let client = guest.client
    let a = try client.lookup("a").node
    try client.rename("b", to: "a")
    #expect(try client.lookup("a").node != a)
    if mode == "never" || pinLimit > 0 {
      let attr = try client.getattr(a)
      #expect(attr.linkCount == 0 && attr.size == 3)
    } else {
      #expect(throws: FrontEndError.reply(.stale)) { try client.getattr(a) }
    }
  }

  @Test(arguments: Backend.all) func takesAnyBytesForAName(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let names = [
      NameBytes([0xFF, 0xFE, 0x80]), NameBytes([1, 2, 10, 27]), "...", ".a", " ", "\\", "\u{1F427}",
      NameBytes([UInt8](repeating: 0xE9, count: 255)),
    ]
    for name in names {
      let made = try guest.client.create(name)
      #expect(try guest.client.lookup(name).node == made.entry.node)
    }
    #expect(try hostNames(guest.share()).count == names.count)
    #expect(throws: FrontEndError.reply(.nameTooLong)) {
      try guest.client.lookup(NameBytes([UInt8](repeating: 65, count: 256)))
    }
  }

  @Test func refusesNamesThatLeaveTheDirectory() throws {
    let guest = try Guest(.swift) { share in
      try hostMakeDirectory("\(share)/d")
      try hostWrite("\(share)/../outside", "secret")
    }
    let client = guest.client
    let directory = try client.lookup("d").node
    for name: NameBytes in ["", ".", "..", "a/b", "/", "d/..", "../outside", "/etc/passwd"] {
      let refused = FrontEndError.reply(.invalidArgument)
      #expect(throws: refused) { try client.lookup(name) }
      #expect(throws: refused) { try client.mkdir(name) }
      #expect(throws: refused) { try client.mknod(name, mode: 0o100644) }
      #expect(throws: refused) { try client.create(name) }
      #expect(throws: refused) { try client.symlink(name, target: "x") }
      #expect(throws: refused) { try client.link(directory, as: name) }
      #expect(throws: refused) { try client.unlink(name) }
      #expect(throws: refused) { try client.rmdir(name) }
      #expect(throws: refused) { try client.rename(name, to: "x") }
      #expect(throws: refused) { try client.rename("d", to: name) }
    }
    #expect(try hostNames(guest.share()) == ["d"])
    #expect(try hostReadText(guest.daemon.directory.path("outside")) == "secret")
  }

  @Test(arguments: Backend.all) func aForgottenNodeIsGone(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/a", "") }
    let client = guest.client
    let first = try client.lookup("a").node
    #expect(try client.lookup("a").node == first)
    try client.forget(first, lookups: 1)
    #expect(try client.getattr(first).size == 0)
    try client.batchForget([ForgetOne(node: first, lookups: 1)])
    #expect(throws: FrontEndError.self) { try client.getattr(first) }
    #expect(try client.getattr(client.lookup("a").node).size == 0)
  }
}
