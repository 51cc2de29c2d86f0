import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// Open directories.
@Suite struct DirectoryTests {
  private static func fill(_ share: String, _ count: Int) throws -> Set<NameBytes> {
    var names: Set<NameBytes> = [".", ".."]
    for number in 0..<count {
      let name = "entry \(number)" + String(repeating: "x", count: number % 40)
      try hostWrite("\(share)/\(name)", "")
      names.insert(NameBytes(name))
    }
    return names
  }

  @Test(arguments: Backend.all, [false, true]) func listsEveryEntryOnce(
    _ backend: Backend, _ plus: Bool
  ) throws {
    var expected: Set<NameBytes> = []
    let guest = try Guest(backend) { share in expected = try Self.fill(share, 700) }
    let client = guest.client
    let handle = try client.opendir().handle
    for byteCount in [4096, 1000, 65536] {
      let records = try client.readAll(handle: handle, byteCount: byteCount, plus: plus)
      #expect(records.count == expected.count)
      #expect(Set(records.map(\.name)) == expected)
      #expect(Set(records.map(\.dirent.offset)).count == records.count)
    }
    try client.releasedir(handle: handle)
    #expect(throws: FrontEndError.reply(.badDescriptor)) { try client.readdir(handle: handle) }
  }

  @Test(arguments: Backend.all) func resumesAtEveryOffset(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in _ = try Self.fill(share, 60) }
    let client = guest.client
    let handle = try client.opendir().handle
    let names = try client.readAll(handle: handle).map(\.name)
    let records = try client.readAll(handle: handle)
    #expect(records.map(\.name) == names)
    for (index, record) in records.enumerated().reversed() {
      let rest = try client.readdir(handle: handle, offset: record.dirent.offset, byteCount: 65536)
      #expect(rest.map(\.name) == Array(names[(index + 1)...]))
    }
  }

  @Test(arguments: Backend.all) func readdirplusCountsLookups(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in
      try hostWrite("\(share)/f", "123")
      try hostMakeDirectory("\(share)/d")
    }
    let client = guest.client
    let handle = try client.opendir().handle
    let records = try client.readAll(handle: handle, plus: true)
    let file = try #require(records.first { $0.name == "f" })
    let entry = try #require(file.entry)
    #expect(entry.attr.size == 3)
    #expect(file.dirent.type == 8)
    #expect(file.dirent.ino == entry.attr.ino)
    #expect(try client.lookup("f").node == entry.node)
    try client.forget(entry.node, lookups: 1)
    #expect(try client.getattr(entry.node).size == 3)
    try client.forget(entry.node, lookups: 1)
    #expect(throws: FrontEndError.self) { try client.getattr(entry.node) }
  }

  @Test func theRootHidesItsParent() throws {
    let guest = try Guest(.swift)
    let client = guest.client
    let root = try client.getattr().ino
    for plus in [false, true] {
      let handle = try client.opendir().handle
      let records = try client.readAll(handle: handle, plus: plus)
      #expect(records.filter { $0.name == ".." }.map(\.dirent.ino) == [root])
      for record in records { #expect(record.entry?.node.rawValue ?? 0 == 0) }
    }
  }

  @Test(arguments: Backend.all) func aDirectoryIsNoFile(_ backend: Backend) throws {
    let guest = try Guest(backend) { share in try hostWrite("\(share)/f", "") }
    let client = guest.client
    let file = try client.lookup("f").node
    #expect(throws: FrontEndError.reply(.notDirectory)) { try client.opendir(file) }
    let handle = try client.opendir().handle
    try client.fsyncdir(handle: handle)
    try client.fsyncdir(handle: handle, flags: .dataOnly)
  }

  @Test func aRecordThatDoesNotFitIsNoEnd() throws {
    let guest = try Guest(.swift) { share in
      try hostWrite("\(share)/\(String(repeating: "n", count: 250))", "")
    }
    let handle = try guest.client.opendir().handle
    let reply = try guest.client.queue.call(
      .readdir(.root, handle: handle, offset: 0, byteCount: 16))
    #expect(reply.error == .invalidArgument)
  }
}
