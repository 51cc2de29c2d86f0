import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// What many files that the guest knows cost the host, measured from outside: memory that is no
/// file's (`smaps_rollup`), and descriptors.
///
/// Needs root, for the mount. `NODE_COUNT=1000000` makes it a million files.
@Suite(.serialized) struct MemoryTests {
  /// How many files the guest looks up.
  private static let fileCount =
    environmentVariable("NODE_COUNT").flatMap(Int.init) ?? 150_000
  private static let filesPerDirectory = 10_000

  private let fileSystem: MountedFileSystem
  private let guest: SharingGuest

  init() throws {
    fileSystem = try MountedFileSystem(.tmpfs)
    for first in stride(from: 0, to: Self.fileCount, by: Self.filesPerDirectory) {
      let directory = "\(fileSystem.path)/d\(first)"
      try hostMakeDirectory(directory)
      for number in first..<min(first + Self.filesPerDirectory, Self.fileCount) {
        try hostWrite("\(directory)/\(number)", "")
      }
    }
    guest = try SharingGuest("prefer", on: fileSystem.path, pinLimit: nil)
  }

  /// LOOKUP of every file.
  ///
  /// - Returns: The nodes, and the most descriptors that the daemon had.
  private func lookUpAll() throws -> (nodes: [NodeID], descriptorCount: Int) {
    var nodes: [NodeID] = []
    var descriptorCount = 0
    for first in stride(from: 0, to: Self.fileCount, by: Self.filesPerDirectory) {
      let directory = try guest.client.lookup(NameBytes("d\(first)")).node
      nodes.append(directory)
      for number in first..<min(first + Self.filesPerDirectory, Self.fileCount) {
        nodes.append(try guest.client.lookup(NameBytes("\(number)"), in: directory).node)
      }
      let count = try hostNames("/proc/\(guest.daemon.process.id)/fd").count
      descriptorCount = max(descriptorCount, count)
    }
    return (nodes, descriptorCount)
  }

  private func forget(_ nodes: [NodeID]) throws {
    for first in stride(from: 0, to: nodes.count, by: 1000) {
      let some = nodes[first..<min(first + 1000, nodes.count)]
      try guest.client.batchForget(some.map { ForgetOne(node: $0, lookups: 1) })
    }
  }

  private func memory() throws -> Int {
    try #require(anonymousByteCount(of: guest.daemon.process.id))
  }

  /// Waits until no more than a tenth is left of what the nodes took.
  private func expectMemory(near before: Int, after what: String) throws {
    var now = 0
    let isBack = try waitUntil {
      now = try memory()
      return now <= before * 11 / 10
    }
    #expect(isBack, "\(now) bytes after \(what), \(before) before")
  }

  @Test func aKnownFileCostsLittleAndIsForgottenWithoutTrace() throws {
    // What the first lookups need besides is needed for good.
    let first = try guest.client.lookup("d0").node
    try forget((0..<1000).map { try guest.client.lookup(NameBytes("\($0)"), in: first).node })
    try forget([first])
    let before = try memory()
    let idle = try hostNames("/proc/\(guest.daemon.process.id)/fd").count
    for ending in ["FORGET", "DESTROY"] {
      let (nodes, descriptorCount) = try lookUpAll()
      #expect(Set(nodes).count == nodes.count)
      let each = Double(try memory() - before) / Double(nodes.count)
      let pins = descriptorCount - idle
      note("\(nodes.count) nodes: \(each) bytes each, \(pins) descriptors, \(before) bytes before")
      #expect(each <= 96)
      #expect(pins <= 65536 + 8)
      if ending == "FORGET" {
        try forget(nodes)
      } else {
        try guest.client.destroy()
        _ = try guest.client.initialize()
      }
      try expectMemory(near: before, after: ending)
      #expect(try hostNames("/proc/\(guest.daemon.process.id)/fd").count <= idle + 2)
    }
  }

  /// Figures for `docs/node-identity.md`.
  private func note(_ text: String) {
    if environmentVariable("NODE_COUNT") != nil { print(text) }
  }
}
