import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// A daemon in one of its modes, as a line of the table in `docs/node-identity.md`.
struct Contestant: CustomTestStringConvertible, Sendable {
  var command: DaemonCommand
  var mode: String
  /// How many in a thousand handles cannot be made.
  var failing: Int
  var kind: HostFileSystem

  var testDescription: String {
    "\(command.name) \(mode), \(kind)\(failing > 0 ? ", \(failing / 10) % of handles fail" : "")"
  }

  /// Ours, in the modes that go on where a handle cannot be made.
  static let ours: [Contestant] = ["never", "prefer"].flatMap { mode in
    variations.map { failing, kind in
      let command = DaemonCommand.swift("--inode-file-handles=\(mode)", "--pin-limit=0")
      return Contestant(command: command, mode: mode, failing: failing, kind: kind)
    }
  }

  /// The C virtiofsd, and the Rust one if `RUST_VIRTIOFSD` says where it is unpacked.
  static var peers: [Contestant] {
    var commands = [("", DaemonCommand.c)]
    if let place = environmentVariable("RUST_VIRTIOFSD") {
      let libraries = "\(place)/usr/lib/x86_64-linux-gnu"
      for mode in ["never", "prefer"] {
        commands.append(
          (
            mode,
            DaemonCommand(
              name: "Rust virtiofsd",
              arguments: [
                "\(libraries)/ld-linux-x86-64.so.2", "--library-path", libraries,
                "\(place)/usr/libexec/virtiofsd", "--socket-path={socket}",
                "--shared-dir={share}", "--sandbox=none", "--inode-file-handles=\(mode)",
              ])
          ))
      }
    }
    return commands.flatMap { mode, command in
      variations.map { failing, kind in
        Contestant(command: command, mode: mode, failing: failing, kind: kind)
      }
    }
  }

  private static let variations: [(Int, HostFileSystem)] = [(0, .ext4), (150, .ext4), (0, .fuse)]
}

/// The same histories for all daemons, each with handles that cannot be made now and then.
@Suite(.serialized) struct PeerTests {
  /// The library that has handles fail, built for this run.
  private func preload(in directory: TemporaryDirectory) throws -> String {
    let library = directory.path("failing-handles.so")
    let compiler = try ChildProcess(
      [
        "clang", "-shared", "-fPIC", "-O1", "-o", library,
        #filePath.replacing("PeerTests.swift", with: "failing-handles.c"),
      ], outputPath: directory.path("clang"))
    guard compiler.wait(for: .seconds(60)) == .exited(0) else {
      throw DaemonError(command: "clang", output: compiler.output)
    }
    return library
  }

  private func verdict(
    of contestant: Contestant, seed: UInt64
  ) throws -> ShareHistory.Verdict {
    let fileSystem = try MountedFileSystem(contestant.kind)
    let directory = try TemporaryDirectory("preload")
    var command = contestant.command
    command.arguments = command.arguments.map {
      $0.replacing("{share}", with: fileSystem.path)
    }
    if contestant.failing > 0 {
      let library = try preload(in: directory)
      command.arguments =
        [
          "env", "LD_PRELOAD=\(library)", "FAIL_HANDLES=\(contestant.failing)",
          "FAIL_HANDLES_AFTER=20",
        ] + command.arguments
    }
    let daemon = try DaemonProcess(command)
    let device = try GuestDevice(path: daemon.socket)
    let client = FuseClient(device)
    _ = try client.initialize()
    var history = try ShareHistory(share: fileSystem.path, client: client)
    history.hasLinks = contestant.kind != .fuse
    var random = SeededRandom(seed: seed)
    try history.run(3000, &random)
    return history.verdict
  }

  @Test(arguments: Contestant.ours)
  func oursKeepsTheRule(_ contestant: Contestant) throws {
    let seed = SeededRandom().seed
    let verdict = try verdict(of: contestant, seed: seed)
    #expect(verdict.isClean, "seed \(seed): \(verdict)")
  }

  /// What the peers do is no claim of ours: with `NODE_IDENTITY_TABLE` set it is printed.
  @Test(.enabled(if: environmentVariable("NODE_IDENTITY_TABLE") != nil, "prints a table"))
  func table() throws {
    for contestant in Contestant.ours + Contestant.peers {
      print("\(contestant.testDescription): \(try verdict(of: contestant, seed: 1))")
    }
  }

  /// Whether the host can unmount what a guest looked up and read six seconds ago.
  @Test(.enabled(if: environmentVariable("NODE_IDENTITY_TABLE") != nil, "prints a table"))
  func tableOfMounts() throws {
    for contestant in Contestant.ours + Contestant.peers
    where contestant.kind == .ext4 && contestant.failing == 0 {
      let daemon = try DaemonProcess(contestant.command) { try hostMakeDirectory("\($0)/d") }
      let mount = try HostMount(["-t", "tmpfs", "none"], on: daemon.share("d"))
      try hostWrite(daemon.share("d/f"), "text")
      let device = try GuestDevice(path: daemon.socket)
      let client = FuseClient(device)
      _ = try client.initialize()
      #expect(try client.contents(try client.walk("d/f").node) == "text")
      _ = waitUntil(.seconds(6)) { false }
      let isIdle = (try? FileSystemMounting.unmount(mount.path, .ifIdle)) != nil
      print("\(contestant.testDescription): \(isIdle ? "unmounted" : "busy")")
    }
  }
}
