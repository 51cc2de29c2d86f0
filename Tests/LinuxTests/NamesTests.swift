import Linux
import TestSupport
import Testing

@Suite struct NamesTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("names")
  }

  @Test func makesAndRemoves() throws {
    let root = try openHostDirectory(directory.path)
    try root.borrowed.makeDirectory(PathName("directory"), mode: 0o700)
    try root.borrowed.makeNode(PathName("fifo"), mode: 0o010600, device: 0)
    try root.borrowed.makeSymbolicLink(PathName("link"), to: PathName("any text"))
    #expect(try hostNames(directory.path) == ["directory", "fifo", "link"])
    #expect(readSymbolicLink(directory.path("link")) == "any text")
    #expect(throws: Errno.isDirectory) { try root.borrowed.unlink(PathName("directory")) }
    #expect(throws: Errno.notDirectory) { try root.borrowed.removeDirectory(PathName("fifo")) }
    try root.borrowed.unlink(PathName("fifo"))
    try root.borrowed.unlink(PathName("link"))
    try root.borrowed.removeDirectory(PathName("directory"))
    #expect(try hostNames(directory.path) == [])
  }

  @Test func renamesAsTheFlagsSay() throws {
    try hostWrite(directory.path("a"), "a")
    try hostWrite(directory.path("b"), "b")
    let root = try openHostDirectory(directory.path)
    let rename = { (flags: RenameFlags) throws(Errno) in
      try root.borrowed.rename(
        PathName("a"), to: PathName("b"), in: root.borrowed, flags: flags)
    }
    #expect(throws: Errno.exists) { try rename(.noReplace) }
    try rename(.exchange)
    #expect(try hostReadText(directory.path("a")) == "b")
    try rename([])
    #expect(try hostReadText(directory.path("b")) == "b")
    #expect(try hostNames(directory.path) == ["b"])
  }

  /// With CAP_DAC_READ_SEARCH directly, and without it through procfs.
  @Test func anOpenFileGetsAnotherName() throws {
    try hostWrite(directory.path("file"), "")
    let root = try openHostDirectory(directory.path)
    let file = try openHostPath(directory.path("file"))
    try root.borrowed.link(file.borrowed, as: PathName("direct"))
    try DescriptorLinks().link(file.borrowed, as: PathName("linked"), in: root.borrowed)
    #expect(try hostStatus(directory.path("file")).links == 3)
    #expect(throws: Errno.exists) {
      try DescriptorLinks().link(file.borrowed, as: PathName("linked"), in: root.borrowed)
    }
  }

  @Test func anOpenLinkGetsAnotherNameNotItsTarget() throws {
    try hostSymbolicLink(directory.path("link"), to: "nowhere")
    let root = try openHostDirectory(directory.path)
    let link = try openHostPath(directory.path("link"))
    try DescriptorLinks().link(link.borrowed, as: PathName("other"), in: root.borrowed)
    #expect(readSymbolicLink(directory.path("other")) == "nowhere")
  }

  @Test(arguments: [0, 3, 7, 8, 100])
  func aLinksTextIsAppendedAsFarAsThereIsRoom(room: Int) throws {
    try hostSymbolicLink(directory.path("link"), to: "nowhere")
    let link = try openHostPath(directory.path("link"))
    guard room > 0 else {
      #expect(throws: Errno.invalidArgument) { try text(of: link.borrowed, room: room) }
      return
    }
    #expect(try text(of: link.borrowed, room: room) == "<" + "nowhere".prefix(room))
  }

  /// What is appended to "<" with `room` for as many bytes more.
  private func text(of link: Descriptor, room: Int) throws(Errno) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room + 1, alignment: 1)
    defer { unsafe buffer.deallocate() }
    // SAFETY: the memory lives until the function returns, and the span is finalised before.
    var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
    output.append(UInt8(ascii: "<"))
    try link.readLink(into: &output)
    let count = unsafe output.finalize(for: buffer)
    return unsafe String(decoding: buffer[..<count], as: UTF8.self)
  }
}
