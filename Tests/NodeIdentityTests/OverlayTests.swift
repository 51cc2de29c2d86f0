import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// Overlays, on which numbers may be shared and change, and files may have no handles.
///
/// Needs root, for the mounts.
@Suite(.serialized) struct OverlayTests {
  /// What an overlay is mounted with.
  enum Kind: String, CaseIterable, Sendable {
    /// Both layers on one file system.
    case plain
    /// Each on its own: the first write to a file changes its number.
    case split
    /// With handles.
    case exported
    case exportedSplit

    var options: String {
      switch self {
      case .plain, .split: "index=off,redirect_dir=on,xino=off"
      case .exported, .exportedSplit: "index=on,nfs_export=on,redirect_dir=on,xino=off"
      }
    }

    var hasHandles: Bool { self == .exported || self == .exportedSplit }
    var isSplit: Bool { self == .split || self == .exportedSplit }
  }

  /// Files of several names, in two directories, all in the lower layer.
  private static func fill(_ lower: String, hasLinks: Bool) throws {
    try hostMakeDirectory("\(lower)/d")
    try hostWrite("\(lower)/n0", "several names")
    if hasLinks {
      for name in ["n1", "n2", "d/n5"] { try hostLink("\(lower)/n0", as: "\(lower)/\(name)") }
    }
    try hostWrite("\(lower)/n3", "one name")
    try hostWrite("\(lower)/d/n6", "one name below")
  }

  /// Also of files that are renamed, of those in directories that are, of those that get more
  /// names, and of those that the first write gives another number.
  @Test(arguments: Kind.allCases, ["none", "chroot"])
  func aFileIsOneNodeWhateverHappensToItsNames(_ kind: Kind, _ sandbox: String) throws {
    var random = SeededRandom()
    for mode in ["never", "prefer"] {
      // With an index the names of a lower file are names of one file, which the model, that meets
      // them as files, does not know.
      let overlay = try OverlayFileSystem(kind.options, isSplit: kind.isSplit) {
        try Self.fill($0, hasLinks: !kind.hasHandles)
      }
      let guest = try SharingGuest(mode, on: overlay.path, sandbox: sandbox)
      var history = try ShareHistory(share: overlay.path, client: guest.client)
      history.dropCache = overlay.dropCache
      try history.run(1500, &random)
      #expect(history.verdict.isClean, "\(mode), seed \(random.seed): \(history.verdict)")
    }
  }

  /// Two names of one lower file are separate files on an overlay without an index: what is written
  /// to one is not seen through the other.
  @Test(arguments: ["never", "prefer"], [false, true])
  func namesOfOneLowerFileStaySeparate(_ mode: String, _ isSplit: Bool) throws {
    let overlay = try OverlayFileSystem("index=off", isSplit: isSplit) { lower in
      try hostWrite("\(lower)/a", "lower")
      try hostWrite("\(lower)/lone", "lone")
      try hostLink("\(lower)/a", as: "\(lower)/b")
    }
    let guest = try SharingGuest(mode, on: overlay.path)
    let client = guest.client
    let a = try client.lookup("a").node
    #expect(try client.lookup("b").node != a)
    let handle = try client.open(a, flags: 0o2).handle
    #expect(try client.write(a, handle: handle, Array("upper".utf8)) == 5)
    let b = try client.lookup("b").node
    let other = try client.open(b).handle
    let read = try client.read(b, handle: other, byteCount: 10)
    #expect(try hostReadText("\(overlay.path)/b") == "lower")
    #expect(String(decoding: read, as: UTF8.self) == "lower")
    #expect(b != a)
    // The first has a number of its own now, and is the same node, also by another name.
    #expect(try client.lookup("a").node == a)
    #expect(try client.link(a, as: "again").node == a)
    try client.rename("a", to: "moved")
    #expect(try client.lookup("moved").node == a)
    #expect(try client.lookup("again").node == a)
    // A file of the lower layer can be linked, and stays one node.
    let lone = try client.lookup("lone").node
    #expect(try client.link(lone, as: "second").node == lone)
    #expect(try client.lookup("lone").node == lone)
    // Names in the upper layer are names of one file.
    try hostWrite("\(overlay.path)/c", "upper")
    try hostLink("\(overlay.path)/c", as: "\(overlay.path)/d")
    #expect(try client.lookup("c").node == client.lookup("d").node)
  }

  /// The handle of a file from a lower layer that was copied up since opens it only for those who
  /// may read `trusted.` attributes, once the host's cache has lost it.
  @Test(arguments: [nil, "--modcaps=+sys_admin"], [false, true])
  func copiedFilesStayWhenTheCacheLosesThem(_ option: String?, _ isSplit: Bool) throws {
    let overlay = try OverlayFileSystem(Kind.exported.options, isSplit: isSplit) { lower in
      try hostMakeDirectory("\(lower)/d")
      for name in ["a", "d/f"] { try hostWrite("\(lower)/\(name)", name) }
    }
    let guest = try SharingGuest("prefer", on: overlay.path, pinLimit: 0, options: option)
    let client = guest.client
    let nodes = try ["a", "d", "d/f"].map { try client.walk($0).node }
    // Both are copied up; the directory as well.
    try hostRename("\(overlay.path)/a", to: "\(overlay.path)/b")
    try hostRename("\(overlay.path)/d", to: "\(overlay.path)/e")
    try hostSetMode("\(overlay.path)/e/f", 0o600)
    try overlay.dropCache()
    for (node, text) in [(nodes[0], "a"), (nodes[2], "d/f")] {
      let handle = try client.open(node).handle
      #expect(try client.read(node, handle: handle, byteCount: 10) == Array(text.utf8))
      try client.release(node, handle: handle)
    }
    #expect(try client.lookup("f", in: nodes[1]).node == nodes[2])
    #expect(try client.lookup("b").node == nodes[0])
    #expect(try client.lookup("e").node == nodes[1])
  }

  /// What the host has made immutable stays so, also when the cache has lost it.
  @Test(arguments: [nil, "--modcaps=+sys_admin"])
  func immutableFilesStaySoWhenTheCacheLosesThem(_ option: String?) throws {
    let overlay = try OverlayFileSystem(Kind.exported.options) { _ in }
    let file = "\(overlay.path)/f"
    try hostWrite(file, "kept")
    let guest = try SharingGuest("prefer", on: overlay.path, pinLimit: 0, options: option)
    let node = try guest.client.lookup("f").node
    try overlay.change("+i", file)
    defer { try? overlay.change("-i", file) }
    try overlay.dropCache()
    #expect(throws: FrontEndError.reply(.notPermitted)) {
      try guest.client.open(node, flags: 0o1)
    }
  }

  /// With the right to open all handles nothing is held open.
  @Test(arguments: [nil, "--modcaps=+sys_admin"])
  func filesAreHeldOpenOnlyWithoutTheRight(_ option: String?) throws {
    let (lowerNames, upperNames) = ((0..<50).map { "l\($0)" }, (0..<50).map { "u\($0)" })
    let overlay = try OverlayFileSystem(Kind.exported.options) { lower in
      for name in lowerNames { try hostWrite("\(lower)/\(name)", "") }
    }
    for name in upperNames { try hostWrite("\(overlay.path)/\(name)", "") }
    let guest = try SharingGuest("prefer", on: overlay.path, pinLimit: 0, options: option)
    let held = try guest.descriptorsHeld(forLookupsOf: lowerNames + upperNames)
    #expect(option == nil ? held >= 100 : held < 5, "\(held) descriptors")
  }

  /// In mode `mandatory` an overlay takes the right to open all its handles, or is refused.
  @Test func mandatoryHandlesOfAnOverlayTakeARight() throws {
    let overlay = try OverlayFileSystem(Kind.exported.options) { _ in }
    let directory = try TemporaryDirectory("refused")
    let command = DaemonCommand.swift("--inode-file-handles=mandatory")
    let daemon = try ChildProcess(
      command.commandLine(socket: directory.path("socket"), share: overlay.path),
      outputPath: directory.path("log"))
    #expect(daemon.wait(for: .seconds(10)) == .exited(1))
    #expect(daemon.output.contains("--modcaps=+sys_admin"))
  }

  /// What the guest has forgotten is watched no more.
  @Test func noWatchIsLeft() throws {
    let overlay = try OverlayFileSystem("index=off") { lower in
      for number in 0..<100 { try hostWrite("\(lower)/\(number)", "") }
    }
    let guest = try SharingGuest("prefer", on: overlay.path)
    let nodes = try (0..<100).map { try guest.client.lookup(NameBytes("\($0)")).node }
    #expect(try watchCount(of: guest.daemon.process.id) == 100)
    for node in nodes { try guest.client.forget(node) }
    #expect(try waitUntil { try watchCount(of: guest.daemon.process.id) == 0 })
  }

  private func watchCount(of process: Int32) throws -> Int {
    try hostNames("/proc/\(process)/fdinfo").reduce(0) { count, name in
      let text = try? hostReadText("/proc/\(process)/fdinfo/\(name)")
      return count + (text ?? "").split(separator: "\n").count { $0.hasPrefix("inotify wd:") }
    }
  }
}
