#if DEBUG
  import FuseProtocol
  import FuseServer
  import Linux
  import Passthrough
  import TestSupport
  import Testing

  /// Directories that are listed again while nothing changes, and when something does.
  @Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
  struct DirectoryListingTests {
    /// A share of many files, and a guest that has listed it.
    private final class Listed {
      let directory: TemporaryDirectory
      let guest: Guest
      let handle: UInt64

      init(fileCount: Int = 300) throws {
        directory = try TemporaryDirectory("listed")
        for number in 0..<fileCount { try hostWrite(directory.path("file-\(number)"), "") }
        let share = try Share(
          configuration: Configuration(), directory: try openHostDirectory(directory.path),
          quietTime: try quietTime(in: directory.path))
        guest = try Guest(directory, sharing: share)
        handle = try guest.opendir()
      }

      var listingCount: Int { guest.view.steadyNames.listingCount }

      /// READDIRPLUS to the end, what is looked up being forgotten at once.
      func list() throws -> [DirectoryRecord] {
        let records = try guest.readAll(handle, plus: true)
        forget(records)
        return records
      }

      func forget(_ records: [DirectoryRecord]) {
        for record in records where record.node.rawValue != 0 {
          guest.view.forget(record.node, lookups: 1)
        }
        guest.view.quiesce()
      }

      /// Lists until all of it comes from memory.
      func listUntilKnown() throws -> [DirectoryRecord] {
        for _ in 0..<10_000 {
          let before = listingCount
          let records = try list()
          if listingCount > before + 1 { return records }
        }
        throw BrokenRule(description: "the directory is never listed from memory")
      }

      /// What the host's directory has, as READDIR reads it, without attributes.
      func names() throws -> [DirectoryRecord] {
        try guest.readAll(try guest.opendir())
      }
    }

    @Test func aListingFromMemoryIsWhatTheDirectoryHas() throws {
      let listed = try Listed()
      let records = try listed.listUntilKnown()
      #expect(records.count == 302)
      #expect(records.map(\.plain) == (try listed.names()))
    }

    @Test(arguments: ["made", "removed", "renamed", "replaced"])
    func aChangeIsInTheNextListing(change: String) throws {
      let listed = try Listed()
      for round in 0..<3 {
        let before = try listed.listUntilKnown()
        #expect(before.map(\.plain) == (try listed.names()))
        let path = listed.directory.path("file-\(round)")
        switch change {
        case "made": try hostWrite(listed.directory.path("new-\(round)"), "")
        case "removed": try hostRemove(path)
        case "renamed": try hostRename(path, to: listed.directory.path("new-\(round)"))
        case _: try hostRename(path, to: listed.directory.path("file-\(200 + round)"))
        }
        let after = try listed.list()
        #expect(after.map(\.plain) == (try listed.names()))
        #expect(after.map(\.plain) != before.map(\.plain))
      }
    }

    @Test func aChangeWithinAListingHidesNoOtherName() throws {
      let listed = try Listed()
      let all = try listed.listUntilKnown()
      let first = try listed.guest.readdir(listed.handle, byteCount: 4096, plus: true)
      let told = Set(first.map(\.name))
      let next = try #require(all.first { !told.contains($0.name) })
      try hostRemove(listed.directory.path(next.name))
      var rest: [DirectoryRecord] = []
      while true {
        let offset = (rest.last ?? first.last)?.offset ?? 0
        let more = try listed.guest.readdir(
          listed.handle, at: offset, byteCount: 4096, plus: true)
        if more.isEmpty { break }
        rest += more
      }
      listed.forget(first + rest)
      let names = (first + rest).map(\.name)
      #expect(Set(names).count == names.count)
      #expect(Set(names) == Set(all.map(\.name)).subtracting([next.name]))
    }

    @Test func anyOffsetIsGoneBackTo() throws {
      let listed = try Listed()
      let all = try listed.listUntilKnown()
      var random = SeededRandom()
      for _ in 0..<200 {
        let place = Int.random(in: 0..<all.count, using: &random)
        let byteCount = Int.random(in: 512...16384, using: &random)
        let records = try listed.guest.readdir(
          listed.handle, at: all[place].offset, byteCount: byteCount, plus: true)
        listed.forget(records)
        let expected = all.dropFirst(place + 1).prefix(records.count)
        #expect(records.map(\.plain) == expected.map(\.plain))
        #expect(records.isEmpty == (place == all.count - 1))
      }
      #expect(try listed.list().map(\.plain) == all.map(\.plain))
    }

    @Test func twoHandlesOfOneDirectoryAreListedByTurns() throws {
      let listed = try Listed()
      let all = try listed.listUntilKnown()
      let other = try listed.guest.opendir()
      var lists: [[DirectoryRecord]] = [[], []]
      for _ in 0..<1000 where lists.contains(where: { $0.count < all.count }) {
        for (index, handle) in [listed.handle, other].enumerated() {
          let more = try listed.guest.readdir(
            handle, at: lists[index].last?.offset ?? 0, byteCount: 2048, plus: true)
          listed.forget(more)
          lists[index] += more
        }
      }
      for list in lists { #expect(list.map(\.plain) == all.map(\.plain)) }
    }

    /// More records than are kept: what follows is read from the directory, each time.
    @Test func aDirectoryOfMoreThanIsKeptIsListedWhole() throws {
      let listed = try Listed(fileCount: 0)
      let stem = String(repeating: "long-name-", count: 24)
      for number in 0..<4500 { try hostWrite(listed.directory.path("\(stem)\(number)"), "") }
      let known = try listed.listUntilKnown()
      #expect(known.count == 4502)
      #expect(known.map(\.plain) == (try listed.names()))
    }
  }

  extension DirectoryRecord {
    /// What READDIR tells.
    fileprivate var plain: DirectoryRecord {
      DirectoryRecord(name: name, ino: ino, offset: offset, type: type)
    }
  }
#endif
