import Linux
import TestSupport
import Testing

/// `virtiofsctl mount` with our daemon, and the host's own kernel as the client.
@Suite struct MountTests {
  @Test func filesGoThroughTheMount() throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/theirs", "from the host") }
    let mount = try MountProcess(socket: daemon.socket)
    #expect(mount.tool.output.hasPrefix("mounted \(daemon.socket) on \(mount.mountPoint): FUSE 7."))
    #expect(try hostReadText(mount.path("theirs")) == "from the host")
    try hostWrite(mount.path("ours"), "from the client")
    #expect(try hostReadText(daemon.share("ours")) == "from the client")
    try hostMakeDirectory(mount.path("directory"), mode: 0o750)
    try hostRename(mount.path("ours"), to: mount.path("directory/moved"))
    try hostSymbolicLink(mount.path("link"), to: "directory/moved")
    #expect(try hostNames(mount.mountPoint) == ["directory", "link", "theirs"])
    #expect(try hostReadText(mount.path("link")) == "from the client")
    #expect(try hostStatus(daemon.share("directory")).permissions == 0o750)
    #expect(throws: Errno.noEntry) { try hostRead(mount.path("missing")) }
    let long = String(repeating: "n", count: 255)
    try hostWrite(mount.path(long), "x")
    #expect(try hostReadText(daemon.share(long)) == "x")
  }

  @Test(arguments: ["1", "4"])
  func dataIsWhole(queues: String) throws {
    var random = SeededRandom()
    let bytes = random.bytes(5_000_001)
    let daemon = try DaemonProcess(.swift("--num-request-queues=4")) {
      try hostWrite("\($0)/theirs", bytes)
    }
    let mount = try MountProcess(socket: daemon.socket, ["--queues", queues])
    #expect(mount.tool.output.contains(queues == "1" ? ", 1 queue," : ", 4 queues,"))
    #expect(try hostRead(mount.path("theirs")) == bytes)
    try hostWrite(mount.path("ours"), bytes)
    #expect(try hostRead(daemon.share("ours")) == bytes)
  }

  @Test func unmountingEndsTheToolAndTheSession() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket)
    try hostWrite(mount.path("file"), "x")
    #expect(mount.unmount())
    #expect(mount.end == .exited(0))
    #expect(mount.tool.output.hasSuffix("\nunmounted \(mount.mountPoint)\n"))
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
  }

  @Test(arguments: [TerminationSignal.interrupt, .terminate, .hangUp])
  func signalsUnmount(signal: TerminationSignal) throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket)
    try hostWrite(mount.path("file"), "x")
    mount.tool.signal(signal.rawValue)
    #expect(mount.end == .exited(0))
    #expect(!mount.isMounted)
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
  }

  @Test func aSignalEndsAMountThatIsInUse() throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/file", "text") }
    let mount = try MountProcess(socket: daemon.socket)
    let directory = try Descriptor.directory(at: mount.mountPoint)
    let file = try directory.borrowed.open(PathName("file"), .readOnly)
    mount.tool.terminate()
    #expect(mount.end == .exited(0))
    #expect(!mount.isMounted)
    #expect(throws: Errno.notConnected) { try file.borrowed.synchronize() }
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
  }

  @Test func aLazyUnmountEndsTheToolWithTheLastUser() throws {
    let daemon = try DaemonProcess(.swift()) { try hostMakeDirectory("\($0)/sub") }
    let mount = try MountProcess(socket: daemon.socket)
    do {
      let directory = try Descriptor.directory(at: mount.mountPoint)
      let sub = try directory.borrowed.open(PathName("sub"), [.readOnly, .directory])
      try FileSystemMounting.unmount(mount.mountPoint, .detach)
      try sub.borrowed.makeDirectory(PathName("still"), mode: 0o700)
      #expect(mount.tool.isRunning)
    }
    #expect(mount.end == .exited(0))
    #expect(hostExists(daemon.share("sub/still")))
  }

  @Test func aSignalEndsAMountThatLivesOnForAnOpenFile() throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/file", "text") }
    let mount = try MountProcess(socket: daemon.socket)
    let directory = try Descriptor.directory(at: mount.mountPoint)
    let file = try directory.borrowed.open(PathName("file"), .readOnly)
    try FileSystemMounting.unmount(mount.mountPoint, .detach)
    mount.tool.terminate()
    #expect(mount.end == .exited(0))
    #expect(throws: Errno.notConnected) { try file.borrowed.synchronize() }
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
  }

  @Test func aSignalEndsAMountThatThereIsACopyOf() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket)
    // In the same namespace: a new one would have copies of every other test's mounts, too.
    let copy = mount.directory.path("copy")
    try hostMakeDirectory(copy)
    try FileSystemMounting.mount(
      source: mount.mountPoint, at: copy, type: "none", flags: MountFlags(rawValue: 4096), data: "")
    defer { try? FileSystemMounting.unmount(copy, .detach) }
    mount.tool.terminate()
    #expect(mount.end == .exited(0))
    #expect(!mount.isMounted)
    #expect(isMountPoint(copy))
    #expect(daemon.process.wait(for: .seconds(10)) == .exited(0))
  }

  @Test func readOnlyIsReadOnly() throws {
    let daemon = try DaemonProcess(.swift()) { try hostWrite("\($0)/file", "text") }
    let mount = try MountProcess(socket: daemon.socket, ["--read-only"])
    #expect(try hostReadText(mount.path("file")) == "text")
    #expect(throws: Errno.readOnly) { try hostWrite(mount.path("new"), "x") }
  }

  @Test func optionsOfMountAreTaken() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket, ["-o", "dev,noexec", "-o", "noatime"])
    let line = try #require(
      try hostReadText("/proc/self/mounts").split(separator: "\n").first {
        $0.contains(" \(mount.mountPoint) ")
      })
    #expect(line.contains(" fuse.virtiofs rw,nosuid,noexec,noatime,"))
  }

  @Test func aDirectoryWithEntriesIsHiddenOnRequest() throws {
    let daemon = try DaemonProcess(.swift())
    let mount = try MountProcess(socket: daemon.socket, ["--nonempty"]) {
      try hostWrite("\($0)/hidden", "x")
    }
    #expect(try hostNames(mount.mountPoint) == [])
    #expect(mount.unmount())
    #expect(mount.end == .exited(0))
    #expect(try hostNames(mount.mountPoint) == ["hidden"])
  }
}
