import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// One directory that is mounted twice in the share: two files, or with `--unify-mounts` one.
@Suite(.serialized) struct BindMountTests {
  private static let modes = ["never", "prefer", "mandatory"]

  /// A share in which `a` and `b` are the directory `data` of a file system of its own.
  private final class TwoMounts {
    let disk: MountedFileSystem
    let share: SharedMounts
    let client: FuseClient
    private let mounts: [HostMount]

    var data: String { "\(disk.path)/data" }

    init(_ options: [String], kind: HostFileSystem = .ext4) throws {
      disk = try MountedFileSystem(kind)
      let data = "\(disk.path)/data"
      try hostMakeDirectory(data)
      share = try SharedMounts(options) {
        for name in ["a", "b"] { try hostMakeDirectory("\($0)/\(name)") }
      }
      let share = share
      mounts = try ["a", "b"].map { try HostMount(["--bind", data], on: share.path($0)) }
      client = try share.makeClient()
    }
  }

  @Test(arguments: modes)
  func toldApartAFileHasANodeForEachMount(_ mode: String) throws {
    let two = try TwoMounts(["--inode-file-handles=\(mode)"])
    let client = two.client
    try hostWrite("\(two.data)/f", "text")
    let (a, b) = (try client.lookup("a"), try client.lookup("b"))
    #expect(a.node != b.node)
    #expect(a.attr.flags.contains(.submount) && b.attr.flags.contains(.submount))
    let nodes = [try client.walk("a/f").node, try client.walk("b/f").node]
    #expect(nodes[0] != nodes[1])
    for node in nodes { #expect(try client.contents(node) == "text") }
    #expect(try client.walk("a/f").node == nodes[0])
  }

  @Test(arguments: modes, [HostFileSystem.ext4, .btrfs, .overlay])
  func unifiedItIsOneNode(_ mode: String, _ kind: HostFileSystem) throws {
    guard mode != "mandatory" || kind.hasHandles else { return }
    let two = try TwoMounts(["--unify-mounts", "--inode-file-handles=\(mode)"], kind: kind)
    let client = two.client
    try hostWrite("\(two.data)/f", "text")
    let (a, b) = (try client.lookup("a"), try client.lookup("b"))
    #expect(a.node == b.node)
    #expect(!a.attr.flags.contains(.submount))
    #expect(!client.hasAgreed(to: .submounts))
    let file = try client.lookup("f", in: a.node).node
    #expect(try client.lookup("f", in: b.node).node == file)
    #expect(try client.contents(file) == "text")
    let made = try client.create("new", in: b.node)
    #expect(try client.lookup("new", in: a.node).node == made.entry.node)
    // All lookups of both names count for the one node.
    try client.forget(file)
    #expect(try client.contents(file) == "text")
    try client.forget(file)
    #expect(throws: FrontEndError.reply(.stale)) { try client.getattr(file) }
    #expect(try client.contents(try client.walk("b/f").node) == "text")
  }

  /// What may only be read through one mount is not written through its nodes, unified or not.
  @Test(arguments: [["--unify-mounts"], []])
  func aReadOnlyMountStaysOne(_ options: [String]) throws {
    let two = try TwoMounts(options)
    let client = two.client
    try hostWrite("\(two.data)/f", "text")
    try HostMount.run(["mount", "-o", "remount,bind,ro", two.share.path("b")])
    let writable = try client.walk("a/f").node
    let readOnly = try client.walk("b/f").node
    #expect(writable != readOnly)
    #expect(throws: FrontEndError.reply(.readOnly)) { try client.open(readOnly, flags: 0o2) }
    #expect(throws: FrontEndError.reply(.readOnly)) {
      try client.create("new", in: try client.lookup("b").node)
    }
    try client.release(writable, handle: try client.open(writable, flags: 0o2).handle)
    #expect(try client.contents(readOnly) == "text")
  }

  /// Device numbers are used again: the next file system's files are other files.
  @Test(arguments: modes)
  func unifiedFileSystemsThatComeAfterEachOther(_ mode: String) throws {
    let share = try SharedMounts(["--unify-mounts", "--inode-file-handles=\(mode)"]) {
      for name in ["a", "b"] { try hostMakeDirectory("\($0)/\(name)") }
    }
    let client = try share.makeClient()
    var known: [NodeID: Int] = [:]
    for number in 0..<8 {
      let place = number % 2 == 0 ? "a" : "b"
      let mount = try HostMount(["-t", "tmpfs", "none"], on: share.path(place))
      try hostWrite(share.path("\(place)/f"), "\(number)")
      let (directory, file) = (
        try client.lookup(NameBytes(place)).node, try client.walk("\(place)/f").node
      )
      #expect(known.updateValue(number, forKey: file) == nil)
      #expect(try client.contents(file) == "\(number)")
      // Half of them stay known, so that their file systems live on.
      if number % 4 < 2 {
        try client.forget(file)
        try client.forget(directory, lookups: 2)
        known[file] = nil
      }
      try FileSystemMounting.unmount(mount.path, .detach)
      for (node, number) in known { #expect(try client.contents(node) == "\(number)") }
    }
  }

  @Test(arguments: modes, [false, true])
  func theRuleHoldsThroughBoth(_ mode: String, _ isUnified: Bool) throws {
    let options = isUnified ? ["--unify-mounts"] : []
    var random = SeededRandom()
    for pinLimit in [0, 3] {
      let two = try TwoMounts(
        options + ["--inode-file-handles=\(mode)", "--pin-limit=\(pinLimit)"])
      let roots = [try two.client.lookup("a").node, try two.client.lookup("b").node]
      var history = try ShareHistory(share: two.data, client: two.client, roots: roots)
      history.isUnified = isUnified
      try history.run(1500, &random)
      #expect(history.verdict.isClean, "seed \(random.seed): \(history.verdict)")
      if mode != "never", pinLimit == 0 { #expect(history.verdict.reused > 10) }
    }
  }

  /// Two copies of one file system have the same numbers and handles; only devices tell them apart.
  @Test(arguments: [[], ["--unify-mounts"]], modes)
  func copiesOfAFileSystemAreDifferentFiles(_ options: [String], _ mode: String) throws {
    let directory = try TemporaryDirectory("image")
    let share = try SharedMounts(options + ["--inode-file-handles=\(mode)", "--pin-limit=0"]) {
      for name in ["a", "b"] { try hostMakeDirectory("\($0)/\(name)") }
    }
    let client = try share.makeClient()
    let image = try makeImage("a", in: directory)
    do {
      let mount = try HostMount(["-o", "loop", image], on: share.path("a"))
      try hostWrite(share.path("a/f"), "f")
      #expect(mount.unmount())
    }
    try HostMount.run(["cp", image, directory.path("b")])
    let mounts = try ["a", "b"].map { name in
      try HostMount(["-o", "loop", directory.path(name)], on: share.path(name))
    }
    for name in ["a", "b"] { try hostWrite(share.path("\(name)/f"), name) }
    #expect(try hostStatus(share.path("a/f")).inode == hostStatus(share.path("b/f")).inode)
    for _ in 0..<2 {
      for name in ["a", "b"] {
        #expect(try client.contents(try client.walk("\(name)/f").node) == name)
      }
    }
    #expect(try client.walk("a/f").node != client.walk("b/f").node)
    #expect(mounts.count == 2)
  }
}
