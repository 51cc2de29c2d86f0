import Linux
import TestSupport
import Testing

@Suite struct FileStatusTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("status")
    try hostWrite(directory.path("file"), "12345")
    try hostSetMode(directory.path("file"), 0o4751)
    try hostLink(directory.path("file"), as: directory.path("other"))
    try hostSymbolicLink(directory.path("link"), to: "file")
  }

  @Test func agreesWithTheHost() throws {
    let file = try openHostPath(directory.path("file"))
    let status = try file.borrowed.status()
    let host = try hostStatus(directory.path("file"))
    #expect(status.mode == host.mode)
    #expect(status.mode == 0o104751)
    #expect(status.fileType == FileStatus.regularType)
    #expect(UInt64(status.linkCount) == host.links)
    #expect(status.uid == host.uid)
    #expect(status.gid == host.gid)
    #expect(status.inode == host.inode)
    #expect(status.size == 5)
    #expect(status.blockByteCount >= 512)
    #expect(status.accessTime.seconds == host.accessSeconds)
    #expect(status.modificationTime.seconds == host.modificationSeconds)
    #expect(Int64(status.modificationTime.nanoseconds) == host.modificationNanoseconds)
    // glibc's dev_t, from its documented layout.
    let device = status.device
    let encoded =
      UInt64(device.major & 0xfff) << 8 | UInt64(device.major & ~0xfff) << 32
      | UInt64(device.minor & 0xff) | UInt64(device.minor & ~0xff) << 12
    #expect(encoded == host.device)
  }

  @Test(arguments: ["file", "link", ".", "/dev/null"])
  func theCheaperCallSaysTheSameOfWhatItTells(_ name: String) throws {
    let path = name.hasPrefix("/") ? name : directory.path(name)
    let file = try openHostPath(path)
    let basic = try file.borrowed.basicStatus()
    var whole = try file.borrowed.status()
    whole.attributes = 0
    whole.mountID = 0
    whole.isMountIDUnique = false
    whole.birthTime = nil
    #expect("\(basic)" == "\(whole)")
  }

  @Test func aNameIsNotFollowed() throws {
    let root = try openHostDirectory(directory.path)
    #expect(try root.borrowed.status(of: PathName("link")).isSymbolicLink)
    #expect(try root.borrowed.status(of: PathName("file")).isRegular)
    #expect(try root.borrowed.status(of: PathName(".")).isDirectory)
    #expect(throws: Errno.noEntry) { try root.borrowed.status(of: PathName("none")) }
  }

  @Test func tellsBirthAndMountWhereTheKernelDoes() throws {
    let root = try openHostDirectory(directory.path)
    let before = try root.borrowed.status()
    let status = try root.borrowed.status(of: PathName("file"))
    #expect(status.mountID == before.mountID)
    #expect(!status.isMountRoot)
    let other = try openHostDirectory("/proc")
    #expect(try other.borrowed.status().isMountRoot)
    #expect(try other.borrowed.status().mountID != status.mountID)
    if let birth = status.birthTime {
      #expect(birth.seconds <= status.changeTime.seconds)
      #expect(birth.seconds > 1_600_000_000)
    }
  }

  @Test func devicesAreEncodedAsTheKernelDoes() throws {
    let file = try openHostPath("/dev/null")
    let null = try file.borrowed.status()
    #expect(null.specialDevice == DeviceNumber(major: 1, minor: 3))
    #expect(null.specialDevice.encoded == 0x103)
    #expect(null.specialDevice.word == 1 << 32 | 3)
    // linux/kdev_t.h, new_encode_dev: eight low bits of the minor, twelve of the major, the rest.
    let large = DeviceNumber(major: 0xabc, minor: 0x12345)
    #expect(large.encoded == 0x123a_bc45)
    #expect(DeviceNumber(encoded: large.encoded) == large)
  }

  @Test(arguments: [
    ("a", true), (".", true), ("...", true), ("..a", true), ("a..", true), (".a", true),
    ("..", false), ("", false), ("/", false), ("a/b", false), ("/a", false), ("a/", false),
    ("../a", false),
  ])
  func knowsNamesOfEntries(name: String, isEntry: Bool) throws {
    #expect(try withPathName(name) { (path) throws(Errno) in path.isEntryName } == isEntry)
  }
}
