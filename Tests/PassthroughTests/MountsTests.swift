import FuseProtocol
import Linux
import Passthrough
import TestSupport
import Testing

/// Whether this process may mount; asked by doing it.
private let mayMount: Bool = {
  guard let directory = try? TemporaryDirectory("may-mount") else { return false }
  return (try? Mounted(["-t", "tmpfs", "none"], at: directory.path)) != nil
}()

/// What is mounted as long as this object is there.
private final class Mounted: Sendable {
  private let place: String

  init(_ arguments: [String], at place: String) throws {
    self.place = place
    try run(["mount"] + arguments + [place])
  }

  deinit {
    try? run(["umount", "-l", place])
  }
}

private struct CommandFailed: Error {
  var output: String
}

private func run(_ arguments: [String]) throws {
  let directory = try TemporaryDirectory("command")
  let child = try ChildProcess(arguments, outputPath: directory.path("output"))
  guard child.wait(for: .seconds(20)) == .exited(0) else {
    throw CommandFailed(output: child.output)
  }
}

@Suite(.serialized, .enabled(if: mayMount && hasHandles, "needs the right to mount, and handles"))
struct MountsTests {
  @Test(arguments: FileHandleMode.allCases)
  func whatIsMountedOnANameIsFoundAndNotWhatIsBelow(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let name = "with space\\and\tmore"
    try hostMakeDirectory(share.path(name))
    try hostWrite(share.path("\(name)/below"), "below")
    let (under, _) = try share.lookup(name)
    let mounted = try Mounted(["-t", "tmpfs", "none"], at: share.path(name))
    // On top of that another one: the path of the first leads to the second from now on.
    let (first, _) = try share.lookup(name)
    try hostWrite(share.path("\(name)/a"), "first")
    let overmounted = try Mounted(["-t", "tmpfs", "none"], at: share.path(name))
    try hostWrite(share.path("\(name)/a"), "second")
    let (second, status) = try share.lookup(name)
    #expect(status.isMountRoot)
    #expect(Set([under, first, second]).count == 3)
    #expect(try share.contents(try share.node("below", in: under)) == "below")
    #expect(try share.contents(try share.node("a", in: first)) == "first")
    #expect(try share.contents(try share.node("a", in: second)) == "second")
    #expect(try share.node(name) == second)
    withExtendedLifetime((mounted, overmounted)) {}
  }

  @Test(arguments: FileHandleMode.allCases)
  func afterItsLastNodeAMountCanBeUnmounted(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("d"))
    let used = share.descriptors.used
    let mounted = try Mounted(["-t", "tmpfs", "none"], at: share.path("d"))
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
    try run(["umount", share.path("d")])
    #expect(try share.lookup("d").1.isMountRoot == false)
    withExtendedLifetime(mounted) {}
  }

  /// A mount that nothing can be opened on: its node is pinned, or refused where handles must be.
  @Test(arguments: FileHandleMode.allCases)
  func aMountedFIFOIsPinned(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let root = try openDirectory(share.directory.path)
    try root.borrowed.makeNode(PathName("fifo"), mode: 0o010600, device: 0)
    try hostWrite(share.path("target"), "")
    let mounted = try Mounted(["--bind", share.path("fifo")], at: share.path("target"))
    if mode == .mandatory {
      #expect(throws: Errno.notSupported) { try share.lookup("target") }
    } else {
      let (node, status) = try share.lookup("target")
      #expect(status.fileType == 0o010000)
      #expect(try share.status(node).inode == status.inode)
      #expect(try share.node("target") == node)
    }
    withExtendedLifetime(mounted) {}
  }

  @Test(arguments: FileHandleMode.allCases)
  func aMountedFileIsANode(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostWrite(share.path("source"), "source")
    try hostWrite(share.path("target"), "target")
    let mounted = try Mounted(["--bind", share.path("source")], at: share.path("target"))
    let node = try share.node("target")
    #expect(try share.contents(node) == "source")
    #expect(try share.node("target") == node)
    withExtendedLifetime(mounted) {}
  }

  @Test(arguments: FileHandleMode.allCases)
  func aMountWithoutHandlesIsPinnedOrRefused(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("proc"))
    let mounted = try Mounted(["-t", "proc", "proc"], at: share.path("proc"))
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
    withExtendedLifetime(mounted) {}
  }

  /// Mounts that the guest has forgotten leave nothing behind, and their ids may come again.
  @Test(arguments: FileHandleMode.allCases)
  func oneMountAfterAnotherInOnePlaceAreDifferentFiles(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostMakeDirectory(share.path("d"))
    var nodes: Set<NodeID> = []
    for number in 0..<5 {
      let mounted = try Mounted(["-t", "tmpfs", "none"], at: share.path("d"))
      try hostWrite(share.path("d/a"), "\(number)")
      let directory = try share.node("d")
      #expect(nodes.insert(directory).inserted)
      #expect(try share.contents(try share.node("a", in: directory)) == "\(number)")
      withExtendedLifetime(mounted) {}
    }
  }
}
