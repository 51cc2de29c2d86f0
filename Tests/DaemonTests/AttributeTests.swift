import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Attributes, ownership and extended attributes, with what the host sees afterwards.
@Suite struct AttributeTests {
  @Test(arguments: Backend.all) func setsEachAttribute(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/f", "0123456789") }
    let client = guest.client
    let node = try client.lookup("f").node
    let path = guest.share("f")
    #expect(try client.setattr(node, SetattrIn(valid: .mode, mode: 0o100604)).mode == 0o100604)
    #expect(try hostStatus(path).permissions == 0o604)
    #expect(try client.setattr(node, SetattrIn(valid: .uid, uid: 7, gid: 9)).uid == 7)
    #expect(try hostStatus(path).gid == 0)
    #expect(try client.setattr(node, SetattrIn(valid: .gid, uid: 7, gid: 9)).gid == 9)
    #expect(try hostStatus(path).uid == 7)
    #expect(try client.setattr(node, SetattrIn(valid: .size, size: 4)).size == 4)
    #expect(try hostReadText(path) == "0123")
    let times = SetattrIn(
      valid: [.atime, .mtime], atime: 1000, mtime: 2000, atimeNanoseconds: 5, mtimeNanoseconds: 6)
    let attr = try client.setattr(node, times)
    #expect(attr.atime == 1000 && attr.mtime == 2000)
    let host = try hostStatus(path)
    #expect(host.accessSeconds == 1000 && host.modificationSeconds == 2000)
    #expect(host.modificationNanoseconds == 6)
    // Only the time of access; the other stays.
    let now = try client.setattr(node, SetattrIn(valid: [.atime, .atimeNow], mtime: 1))
    #expect(now.atime > 1_600_000_000)
    #expect(now.mtime == 2000)
  }

  /// The C peer does it in the other order and loses the bits.
  @Test func setsSeveralAttributesInTheRightOrder() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "0123456789") }
    let node = try guest.client.lookup("f").node
    let all = SetattrIn(
      valid: [.mode, .uid, .gid, .size, .mtime], size: 3, mtime: 77, mode: 0o106755, uid: 5,
      gid: 6)
    let attr = try guest.client.setattr(node, all)
    // chown would clear the set-id bits if it came after chmod; truncate would change mtime.
    #expect(attr.mode == 0o106755)
    #expect(attr.uid == 5 && attr.gid == 6)
    #expect(attr.size == 3)
    #expect(attr.mtime == 77)
  }

  @Test(arguments: Backend.all) func truncatesThroughAHandle(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let made = try guest.client.create("f")
    _ = try guest.client.write(
      made.entry.node, handle: made.open.handle, Array("0123456789".utf8))
    try guest.client.unlink("f")
    let attr = try guest.client.setattr(
      made.entry.node,
      SetattrIn(valid: [.size, .handle], handle: made.open.handle, size: 2))
    #expect(attr.size == 2)
    #expect(attr.linkCount == 0)
  }

  @Test(arguments: Backend.all) func changesOfTheHostAreSeen(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/f", "1") }
    let node = try guest.client.lookup("f").node
    try hostWrite(guest.share("f"), "123")
    try hostSetMode(guest.share("f"), 0o600)
    let attr = try guest.client.getattr(node)
    #expect(attr.size == 3 && attr.mode == 0o100600)
    try hostRemove(guest.share("f"))
    #expect(throws: FrontEndError.reply(.noEntry)) { try guest.client.lookup("f") }
  }

  @Test(arguments: Backend.all) func objectsBelongToTheCaller(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostSetMode(share, 0o777) }
    let client = guest.client
    client.uid = 1234
    client.gid = 4321
    _ = try client.create("file")
    _ = try client.mkdir("dir")
    _ = try client.symlink("link", target: "x")
    _ = try client.mknod("node", mode: 0o010644)
    for name in ["file", "dir", "link", "node"] {
      let host = try hostStatus(guest.share(name))
      #expect(host.uid == 1234 && host.gid == 4321, "\(name)")
    }
    // The caller is not asked for his rights where the guest's kernel has checked them already.
    client.uid = 0
    client.gid = 0
    _ = try client.create("again")
    #expect(try hostStatus(guest.share("again")).uid == 0)
  }

  /// The guest's kernel checks permissions, and it alone knows the caller's groups.
  @Test func aCallerMayCreateByTheRightsOfAGroup() throws {
    let guest = try Guest(.swift) { share in
      try hostSetOwner(share, uid: 0, gid: 77)
      try hostSetMode(share, 0o770)
    }
    guest.client.uid = 1234
    guest.client.gid = 1234
    #expect(try guest.client.mkdir("d").attr.uid == 1234)
    #expect(try hostStatus(guest.share("d")).gid == 1234)
  }

  @Test(arguments: Backend.all) func aSetGroupIDDirectoryGivesItsGroup(
    _ backend: Backend
  ) throws {
    let guest = try Guest(backend) { share in
      try hostMakeDirectory("\(share)/d", mode: 0o777)
      try hostSetOwner("\(share)/d", uid: 0, gid: 55)
      try hostSetMode("\(share)/d", 0o2777)
    }
    let directory = try guest.client.lookup("d").node
    guest.client.uid = 1000
    guest.client.gid = 1000
    _ = try guest.client.create("f", in: directory)
    let inner = try guest.client.mkdir("e", in: directory)
    #expect(try hostStatus(guest.share("d/f")).gid == 55)
    #expect(inner.attr.gid == 55)
    #expect(inner.attr.mode & 0o2000 != 0)
  }

  @Test(arguments: Backend.all) func statfsTellsOfTheHost(_ backend: Backend) throws {
    let guest = try Guest(backend)
    let status = try guest.client.statfs()
    #expect(status.blocks > 0)
    #expect(status.fragmentSize > 0)
    #expect(status.maximumNameByteCount == 255)
    #expect(status.freeBlocks <= status.blocks)
  }

  @Test(arguments: Backend.all) func setsAndGetsExtendedAttributes(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in
      try hostWrite("\(share)/f", "")
      try hostMakeDirectory("\(share)/d")
    }
    let client = guest.client
    for name in ["f", "d"] {
      let node = try client.lookup(NameBytes(name)).node
      try client.setxattr(node, "user.one", [1, 0, 2])
      #expect(hostExtendedAttribute(guest.share(name), "user.one") == [1, 0, 2])
      #expect(try client.getxattr(node, "user.one") == [1, 0, 2])
      #expect(try client.xattrByteCount(node, "user.one") == 3)
      #expect(throws: FrontEndError.reply(.outOfRange)) {
        try client.getxattr(node, "user.one", byteCount: 2)
      }
      try client.setxattr(node, "user.two", [])
      #expect(try client.listxattr(node).contains("user.one"))
      #expect(try client.listxattr(node).contains("user.two"))
      // XATTR_CREATE and XATTR_REPLACE
      #expect(throws: FrontEndError.reply(.exists)) {
        try client.setxattr(node, "user.one", [9], flags: 1)
      }
      #expect(throws: FrontEndError.reply(.noData)) {
        try client.setxattr(node, "user.three", [9], flags: 2)
      }
      try client.removexattr(node, "user.one")
      #expect(hostExtendedAttribute(guest.share(name), "user.one") == nil)
      #expect(throws: FrontEndError.reply(.noData)) { try client.getxattr(node, "user.one") }
      #expect(throws: FrontEndError.reply(.noData)) { try client.removexattr(node, "user.one") }
    }
  }

  @Test func refusesAccessControlListsThatWereNotAgreedOn() throws {
    let guest = try Guest(.swift) { share in try hostWrite("\(share)/f", "") }
    let node = try guest.client.lookup("f").node
    try #require(!guest.client.hasAgreed(to: .posixACL))
    for name: NameBytes in ["system.posix_acl_access", "system.posix_acl_default"] {
      #expect(throws: FrontEndError.reply(.notSupported)) {
        try guest.client.setxattr(node, name, [2, 0, 0, 0])
      }
      #expect(throws: FrontEndError.reply(.notSupported)) {
        try guest.client.getxattr(node, name)
      }
    }
  }

  @Test(arguments: Backend.all) func syncsTheFileSystem(_ backend: Backend) throws {
    let guest = try Guest(backend)
    try guest.client.syncfs()
  }
}
