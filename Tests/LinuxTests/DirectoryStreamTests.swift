import Linux
import TestSupport
import Testing

@Suite struct DirectoryStreamTests {
  private let directory: TemporaryDirectory
  private let names: [String]

  init() throws {
    directory = try TemporaryDirectory("stream")
    names = (0..<300).map { "file-\($0)-" + String(repeating: "x", count: $0 % 240) }
    for name in names { try hostWrite(directory.path(name), "") }
    try hostMakeDirectory(directory.path("sub"))
    try hostSymbolicLink(directory.path("link"), to: "nowhere")
  }

  private func open() throws -> OwnedDescriptor {
    try openHostDirectory(directory.path)
  }

  @Test func readsEveryNameOnceWhateverTheBufferHolds() throws {
    for byteCount in [1, 280, 1000, 65536] {
      let stream = try open()
      var buffer = DirectoryBuffer(byteCount: byteCount)
      let entries = try readAll(stream.borrowed, &buffer)
      #expect(entries.map(\.name).sorted() == (names + [".", "..", "link", "sub"]).sorted())
    }
  }

  @Test func knowsItselfAndItsParent() throws {
    let stream = try open()
    var buffer = DirectoryBuffer(byteCount: 4096)
    let entries = try readAll(stream.borrowed, &buffer)
    #expect(entries.filter(\.isSelf).map(\.name) == ["."])
    #expect(entries.filter(\.isParent).map(\.name) == [".."])
  }

  @Test func givesInodesAndTypes() throws {
    let stream = try open()
    var buffer = DirectoryBuffer(byteCount: 4096)
    let entries = try readAll(stream.borrowed, &buffer)
    for (name, type) in [("sub", 4), ("link", 10), (names[7], 8)] as [(String, UInt8)] {
      let entry = try #require(entries.first { $0.name == name })
      #expect(entry.inode == (try hostStatus(directory.path(name)).inode))
      #expect(entry.type == type)
    }
  }

  @Test func resumesAfterAnyEntry() throws {
    let stream = try open()
    var buffer = DirectoryBuffer(byteCount: 65536)
    let all = try readAll(stream.borrowed, &buffer)
    for index in stride(from: 0, to: all.count, by: 37) {
      try stream.borrowed.seekDirectory(to: all[index].nextOffset)
      let rest = try readAll(stream.borrowed, &buffer)
      #expect(rest.map(\.name) == all[(index + 1)...].map(\.name))
    }
    try stream.borrowed.seekDirectory(to: 0)
    #expect(try readAll(stream.borrowed, &buffer).count == all.count)
  }

  @Test func readsNoMoreThanTheLimit() throws {
    let stream = try open()
    var buffer = DirectoryBuffer(byteCount: 65536)
    #expect(try buffer.fill(from: stream.borrowed, limit: 600))
    var entries = buffer.entries
    var count = 0
    while entries.next() != nil { count += 1 }
    #expect((1...24).contains(count))
  }

  @Test func forgetsTheRecordsOfAnEarlierDirectoryWhenReadingFails() throws {
    let stream = try open()
    let file = try openHostFile(directory.path(names[0]))
    var buffer = DirectoryBuffer(byteCount: 4096)
    #expect(try buffer.fill(from: stream.borrowed))
    do {
      _ = try buffer.fill(from: file.borrowed)
      Issue.record("a regular file was read as a directory")
    } catch {
      #expect(error == .notDirectory)
    }
    var entries = buffer.entries
    let isEmpty = entries.next() == nil
    #expect(isEmpty)
  }

  @Test func refusesAnOffsetThatIsNone() throws {
    let stream = try open()
    #expect(throws: Errno.invalidArgument) {
      try stream.borrowed.seekDirectory(to: 1 << 63)
    }
  }
}

private struct Entry {
  var name: String
  var inode: UInt64
  var nextOffset: UInt64
  var type: UInt8
  var isSelf: Bool
  var isParent: Bool
}

private func readAll(
  _ directory: Descriptor, _ buffer: inout DirectoryBuffer
) throws(Errno) -> [Entry] {
  var result: [Entry] = []
  while try buffer.fill(from: directory) {
    var entries = buffer.entries
    while let entry = entries.next() {
      result.append(
        Entry(
          name: text(entry.name), inode: entry.inode, nextOffset: entry.nextOffset,
          type: entry.type, isSelf: entry.isSelf, isParent: entry.isParent))
    }
  }
  return result
}

private func text(_ bytes: RawSpan) -> String {
  // SAFETY: the bytes are copied inside the closure.
  unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
}
