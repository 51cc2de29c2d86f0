import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// What options change, as a guest sees it.
@Suite struct OptionTests {
  @Test func readonlyChangesNothing() throws {
    let guest = try Guest(.swift, more: ["--readonly"]) { share in
      try hostWrite("\(share)/f", "contents")
      try hostMakeDirectory("\(share)/d")
    }
    let client = guest.client
    let file = try client.lookup("f").node
    let readOnly = FrontEndError.reply(.readOnly)
    #expect(throws: readOnly) { try client.create("new") }
    #expect(throws: readOnly) { try client.mkdir("new") }
    #expect(throws: readOnly) { try client.mknod("new", mode: 0o100644) }
    #expect(throws: readOnly) { try client.symlink("new", target: "x") }
    #expect(throws: readOnly) { try client.link(file, as: "new") }
    #expect(throws: readOnly) { try client.tmpfile() }
    #expect(throws: readOnly) { try client.unlink("f") }
    #expect(throws: readOnly) { try client.rmdir("d") }
    #expect(throws: readOnly) { try client.rename("f", to: "g") }
    #expect(throws: readOnly) { try client.rename("f", to: "d", flags: 2) }
    #expect(throws: readOnly) { try client.open(file, flags: 1) }
    #expect(throws: readOnly) { try client.open(file, flags: 2) }
    #expect(throws: readOnly) { try client.open(file, flags: 0o1000) }
    #expect(throws: readOnly) {
      try client.setattr(file, SetattrIn(valid: .mode, mode: 0o100600))
    }
    #expect(throws: readOnly) { try client.setattr(file, SetattrIn(valid: .size)) }
    #expect(throws: readOnly) { try client.setxattr(file, "user.x", [1]) }
    #expect(throws: readOnly) { try client.removexattr(file, "user.x") }
    let handle = try client.open(file).handle
    #expect(throws: FrontEndError.self) { try client.write(file, handle: handle, [1]) }
    #expect(throws: FrontEndError.self) {
      try client.fallocate(file, handle: handle, byteCount: 100)
    }
    #expect(try client.read(file, handle: handle, byteCount: 8) == Array("contents".utf8))
    #expect(try hostNames(guest.share()) == ["d", "f"])
    #expect(try hostReadText(guest.share("f")) == "contents")
  }

  @Test(arguments: ["auto", "always", "never", "metadata"]) func theCachePolicyIsAnnounced(
    _ policy: String
  ) throws {
    let guest = try Guest(.swift, more: ["--cache=\(policy)"]) { share in
      try hostWrite("\(share)/f", "")
    }
    let client = guest.client
    let entry = try client.lookup("f")
    let flags = try client.open(entry.node).flags
    switch policy {
    case "never":
      #expect(entry.entryValidSeconds == 0 && entry.attrValidSeconds == 0)
      #expect(flags.contains(.directIO))
      #expect(!client.hasAgreed(to: .doReaddirplus))
    case "metadata":
      #expect(entry.attrValidSeconds > 0)
      #expect(flags.contains(.directIO))
    case "always":
      #expect(entry.entryValidSeconds >= 3600 && entry.attrValidSeconds >= 3600)
      #expect(flags.contains(.keepCache))
      #expect(try client.opendir().flags.contains(.cacheDirectory))
    default:
      #expect((1..<60).contains(entry.attrValidSeconds))
      #expect(flags.isDisjoint(with: [.directIO, .keepCache]))
      #expect(client.hasAgreed(to: .autoInvalidateData))
    }
    // Data passes in every mode.
    let handle = try client.open(entry.node, flags: 2).handle
    #expect(try client.write(entry.node, handle: handle, [1, 2]) == 2)
    #expect(try client.read(entry.node, handle: handle, byteCount: 9) == [1, 2])
  }

  @Test func withoutXattrTheGuestNeedNotAskAgain() throws {
    var command = DaemonCommand.swift()
    command.arguments.append("--no-xattr")
    let daemon = try DaemonProcess(command)
    let guest = try Guest(daemon)
    let made = try guest.client.create("f")
    let refused = FrontEndError.reply(.notImplemented)
    #expect(throws: refused) { try guest.client.getxattr(made.entry.node, "user.x") }
    #expect(throws: refused) { try guest.client.listxattr(made.entry.node) }
    #expect(throws: refused) { try guest.client.setxattr(made.entry.node, "user.x", [1]) }
    #expect(throws: refused) { try guest.client.removexattr(made.entry.node, "user.x") }
  }

  /// Confined, everything still works: what creates, what changes owners, what opens by handle.
  @Test(arguments: ["never", "prefer"]) func worksInAChroot(_ mode: String) throws {
    let daemon = try DaemonProcess(
      .swift(sandbox: "chroot", "--xattr", "--inode-file-handles=\(mode)"))
    let guest = try Guest(daemon)
    let client = guest.client
    client.uid = 1000
    client.gid = 1000
    try hostSetMode(guest.share(), 0o777)
    let made = try client.create("f")
    let (node, handle) = (made.entry.node, made.open.handle)
    #expect(try client.write(node, handle: handle, Array("12345".utf8)) == 5)
    #expect(try client.read(node, handle: handle, byteCount: 9) == Array("12345".utf8))
    try client.setxattr(node, "user.x", [1])
    #expect(try client.getxattr(node, "user.x") == [1])
    #expect(try client.setattr(node, SetattrIn(valid: .uid, uid: 5)).uid == 5)
    let directory = try client.mkdir("d").node
    _ = try client.symlink("l", target: "/etc/passwd", in: directory)
    _ = try client.mknod("fifo", mode: 0o010600, in: directory)
    _ = try client.link(node, as: "hard", in: directory)
    let handleOfDirectory = try client.opendir(directory).handle
    let names = try client.readAll(directory, handle: handleOfDirectory, plus: true).map(\.name)
    #expect(Set(names) == [".", "..", "l", "fifo", "hard"])
    let temporary = try client.tmpfile()
    _ = try client.link(temporary.entry.node, as: "named")
    #expect(try hostStatus(guest.share("named")).uid == 1000)
    try client.syncfs()
    // The link is the guest's to follow; the daemon never does.
    let link = try client.lookup("l", in: directory)
    #expect(throws: FrontEndError.self) { try client.open(link.node) }
  }

  /// What the C library would read of the host lies, once the share is the root, in the guest's
  /// hands: a FIFO there would hold up whoever opens it.
  @Test func opensNothingOfTheShareOnItsOwnAccount() throws {
    let daemon = try DaemonProcess(.swift(sandbox: "chroot", "--log-level=debug")) { share in
      for directory in ["sys", "sys/devices", "sys/devices/system", "sys/devices/system/cpu"] {
        try hostMakeDirectory("\(share)/\(directory)")
      }
      for directory in ["proc", "etc"] { try hostMakeDirectory("\(share)/\(directory)") }
      let traps = ["sys/devices/system/cpu/online", "sys/devices/system/cpu/possible"]
      for name in traps + ["proc/stat", "proc/meminfo", "etc/localtime"] {
        let maker = try ChildProcess(
          ["/usr/bin/mkfifo", "\(share)/\(name)"], outputPath: "/dev/null")
        try #require(maker.wait(for: .seconds(10)) == .exited(0))
      }
    }
    let guest = try Guest(daemon)
    #expect(try guest.client.getattr().mode & 0o170000 == 0o040000)
    let made = try guest.client.create("f")
    #expect(try guest.client.write(made.entry.node, handle: made.open.handle, [1]) == 1)
  }

  @Test(arguments: ["uring", "sync", "auto"]) func everyEngineMovesData(_ engine: String) throws {
    let guest = try Guest(.swift, more: ["--io-engine=\(engine)"])
    let client = guest.client
    let made = try client.create("f")
    let (node, handle) = (made.entry.node, made.open.handle)
    let contents = SeededRandomBytes.of(1 << 20)
    let buffer = try guest.buffer(1 << 20)
    guest.device.memory.store(bytes: contents, at: buffer.address)
    for offset in [0, 4095, 1 << 20, 3 << 20] as [UInt64] {
      #expect(
        try client.write(node, handle: handle, offset: offset, from: buffer.pieces(of: 4096))
          == 1 << 20)
      try client.fsync(node, handle: handle)
      guest.device.memory.main.fill(buffer, with: 0)
      let count = try client.read(
        node, handle: handle, offset: offset, into: buffer.pieces(of: 60_000))
      #expect(count == 1 << 20)
      #expect(guest.device.memory.bytes(of: buffer) == contents)
    }
    try client.fallocate(node, handle: handle, offset: 8 << 20, byteCount: 4096)
    #expect(try client.getattr(node).size == 8 << 20 + 4096)
  }
}

private enum SeededRandomBytes {
  static func of(_ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: 2)
    return random.bytes(count)
  }
}
