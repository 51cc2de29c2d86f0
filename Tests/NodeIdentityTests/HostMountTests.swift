import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

private let stale = FrontEndError.reply(.stale)

/// What the host mounts, unmounts and mounts again while a guest knows it.
///
/// Needs root, for the mounts.
@Suite(.serialized) struct HostMountTests {
  /// The guest uses everything, then nothing: the host unmounts. What is mounted there later is
  /// other files, be it the same file system.
  @Test(arguments: [("none", "prefer"), ("chroot", "mandatory")])
  func theHostUnmountsWhatTheGuestKnows(_ sandbox: String, _ mode: String) throws {
    let directory = try TemporaryDirectory("image")
    let image = try makeImage("image", in: directory)
    let name = "a disk\\of \u{e4}"
    let share = try SharedMounts(sandbox: sandbox, ["--inode-file-handles=\(mode)"]) {
      try hostMakeDirectory("\($0)/\(name)")
    }
    let client = try share.makeClient()
    let mount = try HostMount(["-o", "loop", image], on: share.path(name))
    try hostWrite(share.path("\(name)/f"), "on the disk")
    var known: [(NodeID, NodeID)] = []
    for _ in 0..<2 {
      let disk = try client.lookup(NameBytes(name)).node
      let file = try client.lookup("f", in: disk).node
      #expect(try client.contents(file) == "on the disk")
      for (oldDisk, oldFile) in known {
        #expect(throws: stale) { try client.getattr(oldDisk) }
        #expect(throws: stale) { try client.contents(oldFile) }
        #expect(disk != oldDisk && file != oldFile)
      }
      known.append((disk, file))
      #expect(mount.unmount(), "busy: \(share.daemon.process.output)")
      #expect(throws: stale) { try client.getattr(disk) }
      #expect(throws: stale) { try client.lookup("f", in: disk) }
      #expect(throws: stale) { try client.contents(file) }
      #expect(throws: stale) { try client.create("new", in: disk) }
      let below = try client.lookup(NameBytes(name)).node
      #expect(below != disk)
      #expect(throws: FrontEndError.reply(.noEntry)) { try client.lookup("f", in: below) }
      try mount.mountAgain()
    }
    #expect(mount.unmount())
  }

  /// What was released is opened again when it is needed, and every node is what it was.
  @Test(arguments: ["none", "chroot"])
  func nodesOutliveTheRelease(_ sandbox: String) throws {
    let share = try SharedMounts(sandbox: sandbox, []) { try hostMakeDirectory("\($0)/d") }
    let client = try share.makeClient()
    let mount = try HostMount(["-t", "tmpfs", "none"], on: share.path("d"))
    for number in 0..<20 { try hostWrite(share.path("d/f\(number)"), "\(number)") }
    let directory = try client.lookup("d").node
    let nodes = try (0..<20).map { try client.lookup(NameBytes("f\($0)"), in: directory).node }
    #expect(try share.waitUntilReleased("d"))
    for (number, node) in nodes.enumerated() {
      #expect(try client.contents(node) == "\(number)")
      #expect(try client.lookup(NameBytes("f\(number)"), in: directory).node == node)
    }
    #expect(try client.lookup("d").node == directory)
    // A file that is open keeps it busy, longer than anything else would.
    let handle = try client.open(nodes[3]).handle
    #expect(throws: Errno.busy) { try FileSystemMounting.unmount(mount.path, .ifIdle) }
    try client.release(nodes[3], handle: handle)
    #expect(mount.unmount())
  }

  /// There is no thread before there is a mount, and it sleeps when nothing is held.
  @Test func anIdleDaemonIsNotWoken() throws {
    let share = try SharedMounts([]) {
      for name in ["d", "e"] { try hostMakeDirectory("\($0)/\(name)") }
    }
    let client = try share.makeClient()
    _ = try client.lookup("e")
    #expect(try findThread("mounts", of: share.daemon) == nil)
    let mount = try HostMount(["-t", "tmpfs", "none"], on: share.path("d"))
    _ = try client.lookup("d")
    // It has its name when it runs.
    var found: String?
    _ = try waitUntil {
      found = try findThread("mounts", of: share.daemon)
      return found != nil
    }
    let thread = try #require(found)
    #expect(try share.waitUntilReleased("d"))
    func switches() throws -> Substring? {
      try hostReadText("\(thread)/status").split(separator: "\n").first {
        $0.hasPrefix("voluntary_ctxt_switches")
      }
    }
    // It finds nothing more at its next look at the latest.
    var before = try switches()
    let isStill = try waitUntil(.seconds(60)) {
      _ = waitUntil(.seconds(5)) { false }
      let now = try switches()
      defer { before = now }
      return now == before
    }
    #expect(isStill)
    #expect(mount.unmount())
  }

  private func findThread(_ name: String, of daemon: DaemonProcess) throws -> String? {
    let tasks = "/proc/\(daemon.process.id)/task"
    return try hostNames(tasks).map { "\(tasks)/\($0)" }.first {
      (try? hostReadText("\($0)/comm")) == "\(name)\n"
    }
  }

  /// One file system in another's place: inode numbers and names are the same, the files are not.
  @Test(arguments: ["never", "prefer"])
  func whatIsMountedInItsPlaceIsSomethingElse(_ mode: String) throws {
    let share = try SharedMounts(["--inode-file-handles=\(mode)"]) {
      try hostMakeDirectory("\($0)/d")
    }
    let client = try share.makeClient()
    var known: [(node: NodeID, text: String)] = []
    for number in 0..<3 {
      let mount = try HostMount(["-t", "tmpfs", "none"], on: share.path("d"))
      try hostWrite(share.path("d/f"), "\(number)")
      let file = try client.walk("d/f").node
      #expect(!known.contains { $0.node == file })
      known.append((file, "\(number)"))
      for (node, text) in known {
        // Pinned it lives on, as with any program that has it open.
        let read = try? client.contents(node)
        #expect(read == text || (mode == "prefer" && read == nil))
      }
      if mode == "prefer" {
        #expect(mount.unmount())
      } else {
        try FileSystemMounting.unmount(mount.path, .detach)
      }
    }
  }

  /// A copy of the file system in its place: names, inode numbers, handles, even the number in
  /// `mountinfo` are the same, and not one file is.
  @Test func aCopyOfTheFileSystemInItsPlace() throws {
    let directory = try TemporaryDirectory("image")
    let share = try SharedMounts(["--inode-file-handles=mandatory"]) {
      try hostMakeDirectory("\($0)/d")
    }
    let client = try share.makeClient()
    let first = try HostMount(
      ["-o", "loop", try makeImage("first", in: directory)], on: share.path("d"))
    try hostWrite(share.path("d/f"), "first")
    let inode = try hostStatus(share.path("d/f")).inode
    let (disk, file) = (try client.lookup("d").node, try client.walk("d/f").node)
    #expect(first.unmount())
    try HostMount.run(["cp", directory.path("first"), directory.path("second")])
    let second = try HostMount(["-o", "loop", directory.path("second")], on: share.path("d"))
    try hostWrite(share.path("d/f"), "second")
    #expect(try hostStatus(share.path("d/f")).inode == inode)
    for _ in 0..<2 {
      #expect(throws: stale) { try client.contents(file) }
      #expect(throws: stale) { try client.lookup("f", in: disk) }
      let other = try client.walk("d/f").node
      #expect(other != file)
      #expect(try client.contents(other) == "second")
    }
    #expect(second.unmount())
  }
}
