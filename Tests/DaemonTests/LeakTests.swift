import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// What the daemon holds after a guest's session is what it held before.
@Suite struct LeakTests {
  @Test(arguments: ["never", "prefer"]) func aSessionLeavesNothingBehind(
    _ mode: String
  ) throws {
    var options = DeviceOptions()
    options.queueSize = 256
    let memory = try TemporaryFileSystem(byteCount: 64 << 20)
    let guest = try Guest(
      .swift, options: options, more: ["--inode-file-handles=\(mode)"], parent: memory.path
    ) { share in
      for number in 0..<300 { try hostWrite("\(share)/file \(number)", "\(number)") }
      try hostWrite("\(share)/honest", "honest contents")
    }
    let process = guest.daemon.process.id
    // The first rounds make what stays: threads, their rings, the heap.
    for _ in 0..<2 { try Self.work(guest) }
    // Files are closed after the answer: by the next request they are.
    _ = try guest.client.getattr()
    let descriptors = try openDescriptors(of: process).sorted()
    let mappings = try memoryFileMappingCount(of: process)
    let resident = try #require(residentByteCount(of: process))
    for _ in 0..<6 { try Self.work(guest) }
    let isEven = try waitUntil(.seconds(5)) {
      _ = try guest.client.getattr()
      return try openDescriptors(of: process).sorted() == descriptors
    }
    let now = try openDescriptors(of: process).sorted()
    #expect(isEven, "\(Set(now).symmetricDifference(descriptors))")
    #expect(try memoryFileMappingCount(of: process) == mappings)
    let growth = try #require(residentByteCount(of: process)) - resident
    #expect(growth < 8 << 20, "grew by \(growth) bytes")
  }

  /// Looks everything up, opens much, releases nothing, and begins a new session.
  private static func work(_ guest: Guest) throws {
    let client = guest.client
    for number in 0..<300 {
      let node = try client.lookup("file \(number)").node
      let handle = try client.open(node, flags: 2).handle
      _ = try client.read(node, handle: handle, byteCount: 10)
      _ = try client.opendir()
    }
    let directory = try client.opendir().handle
    _ = try client.readAll(handle: directory, byteCount: 65536, plus: true)
    var garbage = try Garbage(guest, random: SeededRandom(seed: 11))
    _ = try garbage.run(2000)
    for name in ["directory", "link", "file"] { removeTree(guest.share(name)) }
    _ = try client.initialize()
  }
}
