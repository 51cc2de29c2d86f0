import FuseProtocol
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: mayMount && hasHandles, "needs the right to mount, and handles"))
struct MountsTests {
  private let memory = ["-t", "tmpfs", "none"]

  @Test(arguments: FileHandleMode.allCases)
  func whatIsMountedOnANameIsFoundAndNotWhatIsBelow(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let name = "with space\\and\tmore"
    try hostMakeDirectory(share.path(name))
    try hostWrite(share.path("\(name)/below"), "below")
    let under = try share.node(name)
    try share.mounting(memory, on: name) {
      // On top of that another one: the path of the first leads to the second from then on.
      let first = try share.node(name)
      try hostWrite(share.path("\(name)/a"), "first")
      try share.mounting(memory, on: name) {
        try hostWrite(share.path("\(name)/a"), "second")
        let (second, status) = try share.lookup(name)
        #expect(status.isMountRoot)
        #expect(Set([under, first, second]).count == 3)
        #expect(try share.contents(try share.node("below", in: under)) == "below")
        #expect(try share.contents(try share.node("a", in: first)) == "first")
        #expect(try share.contents(try share.node("a", in: second)) == "second")
        #expect(try share.node(name) == second)
      }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func afterItsLastNodeAMountCanBeUnmounted(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("d"))
    let used = share.descriptors.used
    try share.mounting(memory, on: "d") {
      try hostWrite(share.path("d/a"), "text")
      let directory = try share.node("d")
      let file = try share.node("a", in: directory)
      #expect(throws: CommandFailed.self) { try run(["umount", share.path("d")]) }
      share.nodes.forget(directory, lookups: 1)
      share.quiesce()
      #expect(try share.contents(file) == "text")
      share.nodes.forget(file, lookups: 1)
      share.quiesce()
      #expect(share.descriptors.used == used)
      // A child that another test starts has our descriptors until it runs its program.
      #expect(waitUntil(.seconds(10)) { (try? run(["umount", share.path("d")])) != nil })
      #expect(try share.lookup("d").1.isMountRoot == false)
    }
  }

  /// A mount that nothing can be opened on: its node is pinned, or refused where handles must be.
  @Test(arguments: FileHandleMode.allCases)
  func aMountedFIFOIsPinned(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let root = try openDirectory(share.directory.path)
    try root.borrowed.makeNode(PathName("fifo"), mode: 0o010600, device: 0)
    try hostWrite(share.path("target"), "")
    try share.mounting(["--bind", share.path("fifo")], on: "target") {
      if mode == .mandatory {
        #expect(throws: Errno.notSupported) { try share.lookup("target") }
      } else {
        let (node, status) = try share.lookup("target")
        #expect(status.fileType == 0o010000)
        #expect(try share.status(node).inode == status.inode)
        #expect(try share.node("target") == node)
      }
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aMountedFileIsANode(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostWrite(share.path("source"), "source")
    try hostWrite(share.path("target"), "target")
    try share.mounting(["--bind", share.path("source")], on: "target") {
      let node = try share.node("target")
      #expect(try share.contents(node) == "source")
      #expect(try share.node("target") == node)
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func aMountWithoutHandlesIsPinnedOrRefused(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("proc"))
    try share.mounting(["-t", "proc", "proc"], on: "proc") {
      if mode == .mandatory {
        #expect(throws: Errno.notSupported) { try share.lookup("proc") }
        #expect(share.nodes.count == 1)
      } else {
        let directory = try share.node("proc")
        let (node, status) = try share.lookup("version", in: directory)
        #expect(try share.status(node).inode == status.inode)
        #expect(try share.contents(node).hasPrefix("Linux"))
        #expect(try share.node("version", in: directory) == node)
      }
    }
  }

  /// Mounts that are gone, and known to the guest all the same, are not confused with later ones.
  @Test(arguments: FileHandleMode.allCases)
  func oneMountAfterAnotherInOnePlaceAreDifferentFiles(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("d"))
    var nodes: Set<NodeID> = []
    for number in 0..<5 {
      try share.mounting(memory, on: "d") {
        try hostWrite(share.path("d/a"), "\(number)")
        let directory = try share.node("d")
        #expect(nodes.insert(directory).inserted)
        #expect(try share.contents(try share.node("a", in: directory)) == "\(number)")
      }
    }
  }
}
