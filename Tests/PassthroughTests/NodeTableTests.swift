import FuseProtocol
import Linux
import Passthrough
import TestSupport
import Testing

@Suite struct NodeTableTests {
  @Test(arguments: FileHandleMode.allCases, fileSystems)
  func hardLinksAreOneNode(mode: FileHandleMode, place: String?) throws {
    let share = try NodeFixture(mode, on: place)
    try hostWrite(share.path("a"), "text")
    try hostLink(share.path("a"), as: share.path("b"))
    let (first, status) = try share.lookup("a")
    let (second, other) = try share.lookup("b")
    #expect(first == second)
    #expect(status.inode == other.inode)
    #expect(other.linkCount == 2)
    #expect(share.nodes.count == 2)
  }

  @Test(arguments: FileHandleMode.allCases, fileSystems)
  func aNodeStaysTheSameThroughRename(mode: FileHandleMode, place: String?) throws {
    let share = try NodeFixture(mode, on: place)
    try hostWrite(share.path("a"), "text")
    try hostMakeDirectory(share.path("d"))
    let node = try share.node("a")
    let directory = try share.node("d")
    try hostRename(share.path("a"), to: share.path("d/b"))
    #expect(try share.node("b", in: directory) == node)
    #expect(try share.contents(node) == "text")
    #expect(throws: Errno.noEntry) { try share.lookup("a") }
  }

  @Test(arguments: FileHandleMode.allCases, fileSystems)
  func aNameThatIsReplacedGetsAnotherNode(mode: FileHandleMode, place: String?) throws {
    let share = try NodeFixture(mode, on: place)
    try hostWrite(share.path("a"), "old")
    try hostWrite(share.path("b"), "new")
    let old = try share.node("a")
    try hostRename(share.path("b"), to: share.path("a"))
    let new = try share.node("a")
    #expect(new != old)
    #expect(try share.contents(new) == "new")
  }

  @Test(arguments: FileHandleMode.allCases, fileSystems)
  func aFileThatIsUnlinkedWhileOpenIsStillItsNode(mode: FileHandleMode, place: String?) throws {
    let share = try NodeFixture(mode, on: place)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    let open = try share.nodes.openFile(node, flags: .readOnly)
    try hostRemove(share.path("a"))
    #expect(try share.status(node).linkCount == 0)
    #expect(try share.contents(node) == "text")
    let inode = try open.borrowed.status().inode
    #expect(try share.status(node).inode == inode)
    #expect(throws: Errno.noEntry) { try share.lookup("a") }
  }

  /// With a pin the file lives on; by handle there is nothing any more to lead to.
  @Test(arguments: FileHandleMode.allCases, fileSystems)
  func aFileThatIsUnlinkedWhileKnownLivesOnOrIsStale(mode: FileHandleMode, place: String?) throws {
    let share = try NodeFixture(mode, on: place)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    try hostRemove(share.path("a"))
    if mode == .never {
      #expect(try share.status(node).linkCount == 0)
      #expect(try share.contents(node) == "text")
    } else {
      // A child that another test starts has our descriptors until it runs its program.
      #expect(waitUntil(.seconds(10)) { isStale(node, in: share) })
      #expect(throws: Errno.stale) { try share.nodes.openFile(node, flags: .readOnly).borrowed }
    }
  }

  private func isStale(_ node: NodeID, in share: NodeFixture) -> Bool {
    do throws(Errno) {
      _ = try share.status(node)
      return false
    } catch {
      return error == .stale
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func everyKindOfFileIsANodeAndOnlyTwoAreOpened(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostWrite(share.path("file"), "text")
    try hostMakeDirectory(share.path("directory"))
    try hostSymbolicLink(share.path("link"), to: "file")
    let root = try openDirectory(share.directory.path)
    try root.borrowed.makeNode(PathName("fifo"), mode: 0o010600, device: 0)
    try root.borrowed.makeNode(PathName("null"), mode: 0o020600, device: 0x103)
    try root.borrowed.makeNode(PathName("socket"), mode: 0o140600, device: 0)
    let types: [(String, UInt32)] = [
      ("file", 0o100000), ("directory", 0o040000), ("link", 0o120000), ("fifo", 0o010000),
      ("null", 0o020000), ("socket", 0o140000),
    ]
    for (name, type) in types {
      let (node, status) = try share.lookup(name)
      #expect(status.fileType == type)
      #expect(try share.nodes.fileType(of: node) == type)
      #expect(try share.status(node).inode == status.inode)
      if name == "file" || name == "directory" {
        let file = try share.nodes.openFile(node, flags: .readOnly)
        #expect(try file.borrowed.status().inode == status.inode)
      } else {
        #expect(throws: Errno.badDescriptor) {
          try share.nodes.openFile(node, flags: .readOnly).borrowed
        }
      }
    }
    #expect(try share.lookup("null").1.specialDevice.encoded == 0x103)
  }

  @Test(arguments: FileHandleMode.allCases)
  func whatIsOpenIsClaimedAsTheNodeThatItsNameHas(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let root = try openDirectory(share.directory.path)
    let file = try root.borrowed.open(
      PathName("a"), [.readWrite, .create, .exclusive], mode: 0o600)
    let (node, status) = try share.nodes.claim(file)
    #expect(try share.node("a") == node)
    #expect(try share.status(node).inode == status.inode)
    let nameless = try root.borrowed.open(PathName("."), [.readWrite, .temporaryFile], mode: 0o600)
    let (other, _) = try share.nodes.claim(nameless)
    #expect(other != node)
    #expect(try share.status(other).linkCount == 0)
  }

  @Test(arguments: FileHandleMode.allCases)
  func theRootIsFoundAgainUnderItsOwnNumberAndIsNeverForgotten(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    #expect(try share.node(".") == .root)
    share.nodes.forget(.root, lookups: .max)
    share.nodes.forgetAll()
    #expect(try share.nodes.fileType(of: .root) == 0o040000)
    #expect(share.nodes.count == 1)
  }

  @Test(arguments: FileHandleMode.allCases)
  func namesThatLeaveTheDirectoryAreRefused(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("d"))
    try hostSymbolicLink(share.path("link"), to: "/etc")
    let directory = try share.node("d")
    for name in ["..", "", "../d", "d/..", "/etc", "d/"] {
      #expect(throws: Errno.invalidArgument) { try share.lookup(name, in: directory) }
    }
    let link = try share.node("link")
    #expect(throws: Errno.notDirectory) { try share.lookup("passwd", in: link) }
    #expect(throws: Errno.nameTooLong) {
      try share.lookup(String(repeating: "x", count: 256))
    }
    #expect(throws: Errno.noEntry) { try share.lookup(String(repeating: "x", count: 255)) }
  }

  @Test func withoutHandlesMandatoryIsRefusedAndPreferPins() throws {
    // procfs has no file handles.
    for mode in FileHandleMode.allCases {
      let limbo = Limbo(descriptors: DescriptorBudget(limit: 100))
      func makeTable() throws(Errno) -> NodeTable {
        try NodeTable(
          root: try openDirectory("/proc/sys"), links: try DescriptorLinks(), mode: mode,
          limbo: limbo, maximumCount: 100, pinLimit: 10, watchLimit: 10)
      }
      if mode == .mandatory {
        #expect(throws: Errno.notSupported) { try makeTable() }
      } else {
        let table = try makeTable()
        #expect(!table.usesHandles)
        let view = limbo.register()
        let (node, status) = try table.lookup(PathName("kernel"), in: .root)
        #expect(
          try table.withDescriptor(of: node) { (file) throws(Errno) in try file.status() }.inode
            == status.inode)
        limbo.unregister(view)
      }
    }
  }
}
