import FuseProtocol
import Linux
import Passthrough
import Synchronization
import TestSupport
import Testing

@Suite struct OpenFileTableTests {
  /// A table, and the view of the thread that makes it.
  private final class Fixture: Sendable {
    let directory: TemporaryDirectory
    let descriptors: DescriptorBudget
    let limbo: Limbo
    let files: OpenFileTable
    let view: Limbo.View

    init(maximumCount: Int = 1000, descriptorLimit: Int = 1000) throws {
      directory = try TemporaryDirectory("open")
      try hostWrite(directory.path("a"), "text")
      descriptors = DescriptorBudget(limit: descriptorLimit)
      limbo = Limbo(descriptors: descriptors)
      files = OpenFileTable(
        limbo: limbo, descriptors: descriptors, maximumCount: maximumCount)
      view = limbo.register()
    }

    deinit {
      limbo.unregister(view)
    }

    func open(node: UInt64 = 7, flags: OpenFileFlags = []) throws(Errno) -> UInt64 {
      let path = directory.path("a")
      let file = try withPathName(path) { (path) throws(Errno) in
        try Descriptor.currentDirectory.open(path, .readOnly)
      }
      return try files.insert(file, node: NodeID(rawValue: node), flags: flags)
    }

    /// How many descriptors of the directory's file the process has.
    func openCount() throws -> Int {
      try openDescriptorsOfThisProcess().count { $0.contains(directory.path) }
    }
  }

  @Test func aHandleLeadsToItsFileUntilItIsReleased() throws {
    let table = try Fixture()
    let handle = try table.open(node: 9, flags: [.isWritable, .isDirect])
    let file = try table.files.find(handle)
    #expect(file.handle == handle)
    #expect(file.node == NodeID(rawValue: 9))
    #expect(file.flags == [.isWritable, .isDirect])
    #expect(try file.descriptor.status().size == 4)
    table.files.release(handle)
    #expect(throws: Errno.badDescriptor) { try table.files.find(handle) }
    #expect(throws: Errno.badDescriptor) { try table.files.withCursor(of: handle) { _ in } }
    table.files.release(handle)
    table.limbo.quiesce(table.view)
    #expect(try table.openCount() == 0)
    #expect(table.descriptors.used == 0)
  }

  @Test func aHandleNeverComesAgainAndNothingStaysFromTheLastFile() throws {
    let table = try Fixture()
    var seen: Set<UInt64> = []
    for number in 0..<200 {
      let handle = try table.open(node: UInt64(number), flags: number % 2 == 0 ? .isDirectory : [])
      #expect(seen.insert(handle).inserted)
      #expect(try table.files.find(handle).flags == (number % 2 == 0 ? .isDirectory : []))
      #expect(try table.files.withCursor(of: handle) { $0.offset } == 0)
      try table.files.withCursor(of: handle) { $0.offset = 77 }
      #expect(try table.files.withCursor(of: handle) { $0.offset } == 77)
      table.files.release(handle)
      table.limbo.quiesce(table.view)
    }
    // Places are used again, so the numbers stay small.
    #expect(seen.map { $0 & 0xffff_ffff }.max() == 1)
  }

  @Test func handlesThatNeverWereAreRefused() throws {
    let table = try Fixture()
    let handle = try table.open()
    for number in [0, 1, 2, .max, handle + 1, handle + 1 << 32, handle & 0xffff_ffff, 1 << 63] {
      #expect(throws: Errno.badDescriptor) { try table.files.find(number) }
      table.files.release(number)
      table.files.pin(number)
    }
    #expect(try table.files.find(handle).flags == [])
  }

  @Test func aReleasedFileIsOpenUntilTheThreadThatFoundItIsDone() throws {
    let table = try Fixture()
    let handle = try table.open()
    let file = try table.files.find(handle)
    table.files.release(handle)
    table.limbo.collect()
    #expect(try file.descriptor.status().size == 4)
    #expect(try table.openCount() == 1)
    table.limbo.quiesce(table.view)
    #expect(try table.openCount() == 0)
  }

  @Test func aPinnedFileIsOpenUntilTheLastUnpin() throws {
    let table = try Fixture()
    let handle = try table.open()
    table.files.pin(handle)
    table.files.pin(handle)
    table.files.release(handle)
    table.limbo.quiesce(table.view)
    #expect(try table.openCount() == 1)
    #expect(throws: Errno.badDescriptor) { try table.files.find(handle) }
    table.files.unpin(handle)
    #expect(try table.openCount() == 1)
    try onThreads(1) { _ in table.files.unpin(handle) }
    #expect(try table.openCount() == 0)
    #expect(table.descriptors.used == 0)
  }

  /// Found before another thread released it: the pin counts all the same.
  @Test func aPinTakenAfterTheReleaseKeepsWhatWasFoundBefore() throws {
    let table = try Fixture()
    let handle = try table.open()
    let file = try table.files.find(handle)
    table.files.release(handle)
    table.files.pin(file.handle)
    table.limbo.quiesce(table.view)
    #expect(try file.descriptor.status().size == 4)
    table.files.unpin(handle)
    #expect(try table.openCount() == 0)
  }

  @Test func aPinThatEndsBeforeTheReleaseClosesNothing() throws {
    let table = try Fixture()
    let handle = try table.open()
    table.files.pin(handle)
    table.files.unpin(handle)
    table.limbo.quiesce(table.view)
    #expect(try table.files.find(handle).descriptor.status().size == 4)
  }

  @Test func atTheBoundsAFileIsRefusedAndClosed() throws {
    for (count, limit) in [(3, 1000), (1000, 3)] {
      let table = try Fixture(maximumCount: count, descriptorLimit: limit)
      let handles = try (0..<3).map { _ in try table.open() }
      #expect(throws: Errno.tableFull) { try table.open() }
      #expect(try table.openCount() == 3)
      table.files.release(handles[1])
      table.limbo.quiesce(table.view)
      let handle = try table.open()
      #expect(try table.files.find(handle).handle == handle)
    }
  }

  @Test func releasingAllClosesAllButWhatIsPinned() throws {
    let table = try Fixture()
    let handles = try (0..<300).map { _ in try table.open() }
    table.files.pin(handles[5])
    table.files.releaseAll()
    table.limbo.quiesce(table.view)
    #expect(table.files.count == 0)
    #expect(try table.openCount() == 1)
    table.files.unpin(handles[5])
    #expect(try table.openCount() == 0)
    #expect(throws: Errno.badDescriptor) { try table.files.find(handles[5]) }
  }

  @Test func aTableThatGoesClosesItsFiles() throws {
    let directory: TemporaryDirectory
    do {
      let table = try Fixture()
      directory = table.directory
      _ = try table.open()
      table.files.release(try table.open())
    }
    let open = try openDescriptorsOfThisProcess().filter { $0.contains(directory.path) }
    #expect(open == [])
  }

  /// Each thread opens, finds, pins and releases; what one finds another may release.
  @Test(.timeLimit(.minutes(2))) func aStormOfHandlesEndsWithEverythingClosed() throws {
    let table = try Fixture()
    let shared = Mutex<[UInt64]>([])
    let wrong = Atomic(0)
    table.limbo.goIdle(table.view)
    try onThreads(4) { thread in
      let view = table.limbo.register()
      var random = SeededRandom(seed: UInt64(thread))
      var pinned: [UInt64] = []
      for _ in 0..<5000 {
        let handle = shared.withLock { $0.randomElement(using: &random) }
        switch random.next() % 5 {
        case 0:
          if let handle = try? table.open() { shared.withLock { $0.append(handle) } }
        case 1:
          let taken = shared.withLock { $0.isEmpty ? nil : $0.removeFirst() }
          if let taken { table.files.release(taken) }
        case 2:
          guard let handle, let file = try? table.files.find(handle) else { break }
          if (try? file.descriptor.status())?.size != 4 { wrong.add(1, ordering: .relaxed) }
          table.files.pin(handle)
          pinned.append(handle)
        case 3:
          if let handle = pinned.popLast() { table.files.unpin(handle) }
        case _:
          table.limbo.quiesce(view)
        }
      }
      for handle in pinned { table.files.unpin(handle) }
      table.limbo.unregister(view)
    }
    table.limbo.wake(table.view)
    table.files.releaseAll()
    table.limbo.quiesce(table.view)
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(table.files.count == 0)
    #expect(table.descriptors.used == 0)
    #expect(try table.openCount() == 0)
  }
}
