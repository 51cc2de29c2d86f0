import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// What `--prepare` builds out of a capture, and that a capture cannot make it do harm.
@Suite struct PrepareTests {
  private let work: TemporaryDirectory

  init() throws {
    work = try TemporaryDirectory("prepare")
  }

  private func prepare(_ session: SyntheticSession, _ more: String...) throws -> ToolRun {
    try session.write(to: work.path("trace"))
    return try ToolRun(
      ["replay", work.path("trace"), "--prepare", work.path("share")] + more, in: work)
  }

  private func share(_ name: String) -> String { work.path("share/\(name)") }

  @Test func filesAreAsTheyWereBeforeTheSession() throws {
    var session = SyntheticSession()
    session.lookup("old", finds: 2, mode: 0o100640, size: 10)
    session.read(2, at: 0, Array("0123456789".utf8))
    session.add(
      .rename("old", to: "new"), body: [])
    session.lookup("new", finds: 2, mode: 0o100640, size: 10)
    session.add(.lookup("made"), error: .noEntry)
    session.add(
      .mkdir(MkdirIn(mode: 0o755), "made"),
      reply: EntryOut(
        node: NodeID(rawValue: 3), attr: Attr(ino: 3, mode: 0o040755, linkCount: 2)))
    session.lookup("directory", finds: 4, mode: 0o041770, links: 2)
    session.lookup("link", finds: 5, mode: 0o120777, size: 7)
    session.add(.readlink(NodeID(rawValue: 5)), body: Array("nowhere".utf8))
    session.lookup("hard", in: NodeID(rawValue: 4), finds: 2, mode: 0o100640, size: 10)
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(try hostNames(share("")) == ["directory", "link", "old"])
    #expect(try hostNames(share("directory")) == ["hard"])
    #expect(try hostReadText(share("old")) == "0123456789")
    #expect(try hostStatus(share("old")).mode == 0o100640)
    #expect(try hostStatus(share("directory/hard")).inode == hostStatus(share("old")).inode)
    #expect(try hostStatus(share("directory")).mode == 0o041770)
    #expect(readSymbolicLink(share("link")) == "nowhere")
  }

  @Test func whatIsWrittenAndThenReadWasNotThereBefore() throws {
    var session = SyntheticSession()
    session.lookup("file", finds: 2, mode: 0o100644, size: 8)
    let node = NodeID(rawValue: 2)
    session.add(.open(node, flags: 2), reply: OpenOut(handle: 9))
    var write = FuseRequest.write(node, handle: 9, offset: 2, bytes: [])
    write.arguments = FuseRequest.write(
      node, handle: 9, offset: 2, bytes: Array("NEW".utf8)
    ).arguments.dropLast(3)
    var body: [UInt8] = []
    body.append(wire: WriteOut(byteCount: 3))
    session.add(write, body: body, data: Array("NEW".utf8))
    session.read(2, at: 0, Array("01NEW567".utf8))
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    let bytes = try hostRead(share("file"))
    #expect(bytes.count == 8)
    #expect(bytes[..<2] == Array("01".utf8)[...])
    #expect(bytes[5...] == Array("567".utf8)[...])
    #expect(bytes[2..<5] != Array("NEW".utf8)[...])
    #expect(run.output.contains("5 B of data out of the capture, 3 B that stand in"))
  }

  @Test(arguments: ["../evil", "/tmp/evil", "..", ".", "a/b", ""])
  func namesThatLeadElsewhereAreLeftOut(name: String) throws {
    try hostMakeDirectory(work.path("outside"))
    var session = SyntheticSession()
    session.lookup(NameBytes(name), finds: 2, mode: 0o100644, size: 4)
    session.read(2, at: 0, Array("evil".utf8))
    session.lookup("good", finds: 3, mode: 0o100644)
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("not rebuilt: names that cannot be"), "\(run.output)")
    #expect(try hostNames(share("")) == ["good"])
    #expect(try hostNames(work.path("")) == ["outside", "share", "tool.log", "trace"])
  }

  @Test func aNameThatIsALinkAndADirectoryLeadsNowhere() throws {
    try hostMakeDirectory(work.path("outside"))
    var session = SyntheticSession()
    // The same name twice: first a link to the outside, then a directory with a file in it.
    session.lookup("name", finds: 2, mode: 0o120777, size: 10)
    session.add(.readlink(NodeID(rawValue: 2)), body: Array("../outside".utf8))
    session.lookup("name", finds: 3, mode: 0o040755, links: 2)
    session.lookup("file", in: NodeID(rawValue: 3), finds: 4, mode: 0o100644)
    session.lookup("file", in: NodeID(rawValue: 2), finds: 5, mode: 0o100644)
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(try hostNames(work.path("outside")).isEmpty)
  }

  @Test func directoriesInACircleEnd() throws {
    var session = SyntheticSession()
    session.lookup("a", finds: 2, mode: 0o040755, links: 2)
    session.lookup("b", in: NodeID(rawValue: 2), finds: 3, mode: 0o040755, links: 2)
    session.lookup("c", in: NodeID(rawValue: 3), finds: 2, mode: 0o040755, links: 2)
    session.lookup("d", in: NodeID(rawValue: 3), finds: 1, mode: 0o040755, links: 2)
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(hostExists(share("a/b")))
  }

  @Test func directoriesAreMadeOnlySoDeep() throws {
    var session = SyntheticSession()
    for level in UInt64(1)...2000 {
      session.lookup(
        "d", in: NodeID(rawValue: level), finds: level + 1, mode: 0o040755, links: 2)
    }
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("more than 200 directories in one another"), "\(run.output)")
  }

  @Test(arguments: [UInt64(1) << 40, 1 << 62, .max])
  func hugeFilesStaySparse(size: UInt64) throws {
    var session = SyntheticSession()
    session.lookup("huge", finds: 2, mode: 0o100644, size: size)
    session.read(2, at: min(size, 1 << 40) - 4, Array("tail".utf8))
    session.read(2, at: .max - 1, Array("beyond".utf8))
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("not rebuilt: "), "\(run.output)")
  }

  @Test func holesStayHoles() throws {
    var session = SyntheticSession()
    session.lookup("sparse", finds: 2, mode: 0o100644, size: 1 << 36, isSparse: true)
    session.read(2, at: 1 << 35, Array("middle".utf8))
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("64.0 GiB of holes\n"), "\(run.output)")
    #expect(!run.output.contains("not rebuilt"), "\(run.output)")
    #expect(try hostStatus(share("sparse")).size == 1 << 36)
  }

  @Test func standInsAreBounded() throws {
    var session = SyntheticSession()
    for node in UInt64(2)..<32 {
      session.lookup(NameBytes("d\(node)"), finds: node, mode: 0o040755, links: 60_000)
    }
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("\n10,000 names stand in for some"), "\(run.output)")
    #expect(run.output.contains("not rebuilt: names beyond the bound"), "\(run.output)")
  }

  @Test(arguments: [false, true])
  func programsAreOnlySetUserIDIfAskedFor(isPrivileged: Bool) throws {
    var session = SyntheticSession()
    session.lookup("program", finds: 2, mode: 0o106755)
    session.lookup("directory", finds: 3, mode: 0o042770, links: 2)
    let run = try prepare(session, privileged: isPrivileged)
    #expect(
      run.output.contains("set-group-ID bits, without --privileged: 1, as /program")
        != isPrivileged)
    #expect(try hostStatus(share("program")).mode == (isPrivileged ? 0o106755 : 0o100755))
    #expect(try hostStatus(share("directory")).mode == 0o042770)
  }

  @Test(arguments: [false, true])
  func devicesAreOnlyMadeIfAskedFor(isPrivileged: Bool) throws {
    var session = SyntheticSession()
    for (node, name, mode, device) in [
      (2, "null", 0o020666, 0x103), (3, "disk", 0o060666, 0x800), (4, "whiteout", 0o020600, 0),
      (5, "fifo", 0o010600, 0),
    ] as [(UInt64, String, UInt32, UInt32)] {
      let attr = Attr(ino: node, mode: mode, linkCount: 1, device: device)
      session.add(
        .lookup(NameBytes(name)), reply: EntryOut(node: NodeID(rawValue: node), attr: attr))
    }
    let run = try prepare(session, privileged: isPrivileged)
    #expect(run.output.contains("devices, without --privileged: 2, as /disk") != isPrivileged)
    let more = isPrivileged ? ["disk", "null"] : []
    #expect(try hostNames(share("")) == (["fifo", "whiteout"] + more).sorted())
  }

  @Test(arguments: [false, true])
  func attributesOfPowerAreOnlySetIfAskedFor(isPrivileged: Bool) throws {
    var session = SyntheticSession()
    session.lookup("program", finds: 2, mode: 0o100755)
    // A VFS_CAP_REVISION_2 with CAP_CHOWN.
    let capability: [UInt8] = [1, 0, 0, 2, 1] + [UInt8](repeating: 0, count: 15)
    for (name, value) in [
      ("security.capability", capability), ("trusted.overlay.opaque", Array("y".utf8)),
      ("user.note", Array("mine".utf8)),
    ] {
      session.add(
        .getxattr(NodeID(rawValue: 2), NameBytes(name), byteCount: 64), body: value)
    }
    let run = try prepare(session, privileged: isPrivileged)
    let words = "attributes, without --privileged: 2, as /program security.capability"
    #expect(run.output.contains(words) != isPrivileged, "\(run.output)")
    #expect(hostExtendedAttribute(share("program"), "user.note") == Array("mine".utf8))
    for name in ["security.capability", "trusted.overlay.opaque"] {
      #expect((hostExtendedAttribute(share("program"), name) != nil) == isPrivileged)
    }
  }

  private func prepare(
    _ session: SyntheticSession, privileged isPrivileged: Bool
  ) throws -> ToolRun {
    let run = isPrivileged ? try prepare(session, "--privileged") : try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    return run
  }

  @Test func linkCountsAgreeThoughNamesAreUnknown() throws {
    var session = SyntheticSession()
    session.lookup("directory", finds: 2, mode: 0o040755, links: 5)
    session.lookup("file", in: NodeID(rawValue: 2), finds: 3, mode: 0o100644, links: 3)
    let run = try prepare(session)
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(try hostStatus(share("directory/file")).links == 3)
    #expect(try hostStatus(share("directory")).links == 5)
  }
}
