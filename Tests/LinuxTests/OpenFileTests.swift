import Linux
import TestSupport
import Testing

@Suite struct OpenFileTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("open")
    try hostWrite(directory.path("file"), "contents")
  }

  @Test func whatIsOpenedClosesOnExec() throws {
    let root = try openHostDirectory(directory.path)
    let file = try root.borrowed.open(PathName("file"), .readOnly)
    let how = try root.borrowed.open(PathName("file"), .readOnly, resolving: .beneath)
    let copy = try file.borrowed.duplicate()
    for descriptor in [file.borrowed, how.borrowed, copy.borrowed] {
      let flags = try hostReadText("/proc/self/fdinfo/\(descriptor.rawValue)")
        .split(separator: "\n").first { $0.hasPrefix("flags:") }
      let bits = try #require(flags?.split(whereSeparator: \.isWhitespace).last)
      #expect(try #require(Int32(bits, radix: 8)) & OpenFlags.closeOnExec.rawValue != 0)
    }
  }

  @Test func aResolutionKeepsToItsRules() throws {
    try hostSymbolicLink(directory.path("inside"), to: "file")
    try hostSymbolicLink(directory.path("outside"), to: "../other")
    let root = try openHostDirectory(directory.path)
    _ = try root.borrowed.open(PathName("inside"), .readOnly, resolving: .beneath)
    #expect(throws: Errno.loop) {
      _ = try root.borrowed.open(PathName("inside"), .readOnly, resolving: .noLinks)
    }
    #expect(throws: Errno.crossDevice) {
      _ = try root.borrowed.open(PathName("outside"), .readOnly, resolving: .beneath)
    }
    #expect(throws: Errno.noEntry) {
      _ = try root.borrowed.open(PathName("/etc/passwd"), .readOnly, resolving: .inRoot)
    }
  }

  @Test func aFileIsCreatedOnceWithItsMode() throws {
    let root = try openHostDirectory(directory.path)
    let flags: OpenFlags = [.readWrite, .create, .exclusive]
    let file = try root.borrowed.open(PathName("new"), flags, mode: 0o600)
    #expect(try hostStatus(directory.path("new")).permissions == 0o600)
    #expect(try file.borrowed.openFlags().accessMode == .readWrite)
    #expect(throws: Errno.exists) {
      _ = try root.borrowed.open(PathName("new"), flags, mode: 0o600)
    }
  }

  @Test func accessModesAreNumbersNotBits() {
    #expect(!OpenFlags.readOnly.allowsWriting)
    #expect(OpenFlags.writeOnly.allowsWriting)
    #expect([OpenFlags.readWrite, .append].allSatisfy { $0.accessMode.rawValue & ~3 == 0 })
    #expect(!OpenFlags(rawValue: 3).allowsWriting)
  }

  @Test func aFlushReportsABadDescriptorAndClosesNothing() throws {
    let root = try openHostDirectory(directory.path)
    let file = try root.borrowed.open(PathName("file"), .readOnly)
    try file.borrowed.flush()
    try file.borrowed.flush()
    #expect(throws: Errno.badDescriptor) { try Descriptor(rawValue: -1).flush() }
  }

  @Test func truncatesAllocatesAndSeeks() throws {
    let root = try openHostDirectory(directory.path)
    let file = try root.borrowed.open(PathName("file"), .readWrite)
    try file.borrowed.truncate(to: 1 << 20)
    #expect(try file.borrowed.seek(to: .hole, from: 0) == 4096)
    try file.borrowed.allocate(mode: 0, offset: 0, byteCount: 2 << 20)
    #expect(try hostStatus(directory.path("file")).size == 2 << 20)
    #expect(throws: Errno.fileTooBig) { try file.borrowed.truncate(to: .max) }
    #expect(throws: Errno.fileTooBig) {
      try file.borrowed.allocate(mode: 0, offset: .max, byteCount: 1)
    }
    #expect(throws: Errno.invalidArgument) { try file.borrowed.seek(to: .data, from: .max) }
  }

  @Test func copiesARangeAndStopsAtTheEnd() throws {
    let root = try openHostDirectory(directory.path)
    let source = try root.borrowed.open(PathName("file"), .readOnly)
    let target = try root.borrowed.open(
      PathName("copy"), [.writeOnly, .create], mode: 0o600)
    let copied = try source.borrowed.copyRange(
      from: 3, to: target.borrowed, at: 2, byteCount: 1000)
    #expect(copied == 5)
    #expect(try hostRead(directory.path("copy")) == [0, 0] + Array("tents".utf8))
    let rest = try source.borrowed.copyRange(
      from: 8, to: target.borrowed, at: 0, byteCount: 1000)
    #expect(rest == 0)
  }

  @Test func synchronizesWhatIsReallyOpen() throws {
    let root = try openHostDirectory(directory.path)
    let file = try root.borrowed.open(PathName("file"), .readOnly)
    try file.borrowed.synchronize()
    try file.borrowed.synchronizeData()
    try file.borrowed.synchronizeFileSystem()
    let path = try root.borrowed.open(PathName("file"), .path)
    #expect(throws: Errno.badDescriptor) { try path.borrowed.synchronize() }
    #expect(throws: Errno.badDescriptor) { try path.borrowed.synchronizeFileSystem() }
  }

  @Test func theFileSystemIsTheOneThatTheFileIsOn() throws {
    let proc = try openHostPath("/proc")
    #expect(try proc.borrowed.fileSystemStatus().type == 0x9fa0)
    let status = try openHostDirectory(directory.path)
    let here = try status.borrowed.fileSystemStatus()
    #expect(here.nameLength == 255)
    #expect(!here.isReadOnly)
    #expect(here.blocks >= here.freeBlocks && here.freeBlocks >= here.availableBlocks)
  }
}
