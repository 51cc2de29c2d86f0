import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// One file, one node, on real file systems, through the socket of a real daemon.
///
/// Needs root, for the mounts.
@Suite(.serialized) struct FileSystemTests {
  private static let modes = ["never", "prefer", "mandatory"]

  @Test(arguments: HostFileSystem.allCases, modes)
  func theRuleHolds(_ kind: HostFileSystem, _ mode: String) throws {
    guard mode != "mandatory" || kind.hasHandles else { return try expectRefusal(kind) }
    let fileSystem = try MountedFileSystem(kind)
    // Few pins: handles are what is tested; with none at all a number is free at once.
    var random = SeededRandom()
    for pinLimit in [0, 3] {
      let share = "\(fileSystem.path)/\(pinLimit)"
      try hostMakeDirectory(share)
      let guest = try SharingGuest(
        mode, on: share, pinLimit: pinLimit, options: kind.rights(mode))
      var history = try ShareHistory(share: share, client: guest.client)
      // To FUSE the names of one file are separate files.
      history.hasLinks = kind != .fuse
      try history.run(1500, &random)
      let verdict = history.verdict
      #expect(verdict.isClean, "seed \(random.seed): \(verdict)")
      if kind.reusesNumbers, mode != "never", pinLimit == 0 {
        #expect(verdict.reused > 10, "this file system is there because it reuses numbers")
      }
    }
  }

  /// In mode `mandatory` a share without handles is refused, in one line.
  private func expectRefusal(_ kind: HostFileSystem) throws {
    let fileSystem = try MountedFileSystem(kind)
    let directory = try TemporaryDirectory("refused")
    let command = DaemonCommand.swift("--inode-file-handles=mandatory")
    let daemon = try ChildProcess(
      command.commandLine(socket: directory.path("socket"), share: fileSystem.path),
      outputPath: directory.path("log"))
    #expect(daemon.wait(for: .seconds(10)) == .exited(1))
    #expect(daemon.output.contains("give --inode-file-handles=prefer"))
  }

  /// Where files are known by handle nothing is held open for them; elsewhere each has a pin.
  @Test(arguments: HostFileSystem.allCases)
  func filesAreHeldOpenOnlyWhereTheyMustBe(_ kind: HostFileSystem) throws {
    let fileSystem = try MountedFileSystem(kind)
    let names = (0..<100).map { "f\($0)" }
    for name in names { try hostWrite("\(fileSystem.path)/\(name)", "") }
    let guest = try SharingGuest("prefer", on: fileSystem.path, pinLimit: 0)
    let held = try guest.descriptorsHeld(forLookupsOf: names)
    // An overlay's take a right; see `OverlayTests`.
    let isOpenedByHandle = kind.hasHandles && kind != .exportedOverlay
    #expect(isOpenedByHandle ? held < 5 : held >= 100, "\(held) descriptors")
  }

  /// Files of two subvolumes have the same inode numbers: devices tell them apart.
  @Test(arguments: modes)
  func filesOfSubvolumesAreDifferentFiles(_ mode: String) throws {
    let fileSystem = try MountedFileSystem(.btrfs)
    for name in ["one", "two"] { try hostWrite("\(fileSystem.path)/\(name)/f", name) }
    let guest = try SharingGuest(mode, on: fileSystem.path)
    let client = guest.client
    let one = try client.walk("one/f")
    let two = try client.walk("two/f")
    #expect(
      try hostStatus("\(fileSystem.path)/one/f").inode
        == hostStatus("\(fileSystem.path)/two/f").inode)
    #expect(one.node != two.node)
    #expect(one.attr.ino != two.attr.ino)
    for (entry, text) in [(one, "one"), (two, "two")] {
      let handle = try client.open(entry.node).handle
      let read = try client.read(entry.node, handle: handle, byteCount: 10)
      #expect(String(decoding: read, as: UTF8.self) == text)
    }
  }
}
