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
      let guest = try Guest(mode, on: share, pinLimit: pinLimit)
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
    for number in 0..<100 { try hostWrite("\(fileSystem.path)/f\(number)", "") }
    let guest = try Guest("prefer", on: fileSystem.path, pinLimit: 0)
    let before = try openDescriptors(of: guest.daemon.process.id).count
    for number in 0..<100 { _ = try guest.client.lookup(NameBytes("f\(number)")) }
    let held = try openDescriptors(of: guest.daemon.process.id).count - before
    #expect(kind.hasHandles ? held < 5 : held >= 100, "\(held) descriptors")
  }

  /// Files of two subvolumes have the same inode numbers: devices tell them apart.
  @Test(arguments: modes)
  func filesOfSubvolumesAreDifferentFiles(_ mode: String) throws {
    let fileSystem = try MountedFileSystem(.btrfs)
    for name in ["one", "two"] { try hostWrite("\(fileSystem.path)/\(name)/f", name) }
    let guest = try Guest(mode, on: fileSystem.path)
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

  /// Two names of one lower file are separate files on an overlay without an index: what is written
  /// to one is not seen through the other.
  @Test(arguments: ["never", "prefer"])
  func namesOfOneLowerFileStaySeparate(_ mode: String) throws {
    let fileSystem = try MountedFileSystem(.tmpfs)
    for name in ["lower", "upper", "work", "mnt"] {
      try hostMakeDirectory(fileSystem.path + "/" + name)
    }
    try hostWrite("\(fileSystem.path)/lower/a", "lower")
    try hostWrite("\(fileSystem.path)/lower/lone", "lone")
    try hostLink("\(fileSystem.path)/lower/a", as: "\(fileSystem.path)/lower/b")
    let overlay = try OverlayMount(on: fileSystem.path)
    let guest = try Guest(mode, on: overlay.path)
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
    // The first has a number of its own now, and is the same node.
    #expect(try client.lookup("a").node == a)
    // A file of the lower layer can be linked, and stays one node.
    let lone = try client.lookup("lone").node
    #expect(try client.link(lone, as: "second").node == lone)
    #expect(try client.lookup("lone").node == lone)
    // Names in the upper layer are names of one file.
    try hostWrite("\(overlay.path)/c", "upper")
    try hostLink("\(overlay.path)/c", as: "\(overlay.path)/d")
    #expect(try client.lookup("c").node == client.lookup("d").node)
  }
}

/// A daemon on a share of its own choice, with a guest attached and a session begun.
private final class Guest {
  let daemon: DaemonProcess
  private let device: GuestDevice
  let client: FuseClient

  init(_ mode: String, on share: String, pinLimit: Int = 3) throws {
    var command = DaemonCommand.swift("--inode-file-handles=\(mode)", "--log-level=warn")
    command.arguments = command.arguments.map { $0.replacing("{share}", with: share) }
    command.arguments.append("--pin-limit=\(pinLimit)")
    daemon = try DaemonProcess(command)
    device = try GuestDevice(path: daemon.socket)
    client = FuseClient(device)
    _ = try client.initialize()
  }
}

/// An overlay of `lower` and `upper` in a directory, mounted on its `mnt`.
private final class OverlayMount: Sendable {
  let path: String
  private let log: TemporaryDirectory

  init(on directory: String) throws {
    log = try TemporaryDirectory("overlay")
    path = "\(directory)/mnt"
    let layers =
      "lowerdir=\(directory)/lower,upperdir=\(directory)/upper,workdir=\(directory)/work"
    let process = try ChildProcess(
      ["mount", "-t", "overlay", "-o", "\(layers),index=off", "overlay", path],
      outputPath: log.path("log"))
    guard process.wait(for: .seconds(10)) == .exited(0) else {
      throw DaemonError(command: "mount", output: process.output)
    }
  }

  deinit {
    let process = try? ChildProcess(["umount", "--lazy", path], outputPath: log.path("log"))
    _ = process?.wait(for: .seconds(10))
  }
}
