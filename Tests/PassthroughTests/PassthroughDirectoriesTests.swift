import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughDirectoriesTests {
  /// Names of many lengths, so that records of all sizes meet the end of a reply.
  private static let names = (0..<200).map { "\($0)-" + String(repeating: "n", count: $0) }

  private static func fill(_ guest: Guest) throws {
    for name in names { try hostWrite(guest.path(name), "") }
  }

  @Test(arguments: [false, true], [408, 4096, 65536, 1 << 20])
  func everyNameComesOnceWhateverTheReplyHolds(plus: Bool, byteCount: Int) async throws {
    try await withGuest { guest in
      try Self.fill(guest)
      let handle = try guest.opendir()
      let records = try guest.readAll(handle, byteCount: byteCount, plus: plus)
      #expect(records.map(\.name).sorted() == (Self.names + [".", ".."]).sorted())
      #expect(Set(records.map(\.offset)).count == records.count)
    }
  }

  @Test func recordsHaveTheHostsInodesAndTypes() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "")
      try hostMakeDirectory(guest.path("directory"))
      try hostSymbolicLink(guest.path("link"), to: "file")
      let records = try guest.readAll(guest.opendir())
      for (name, type) in [("file", 8), ("directory", 4), ("link", 10)] as [(String, UInt32)] {
        let record = try #require(records.first { $0.name == name })
        #expect(record.ino == (try hostStatus(guest.path(name)).inode))
        #expect(record.type == type)
      }
    }
  }

  @Test(arguments: [false, true])
  func aGuestMayResumeAfterAnyRecord(plus: Bool) async throws {
    try await withGuest { guest in
      try Self.fill(guest)
      let handle = try guest.opendir()
      let all = try guest.readAll(handle, plus: plus)
      for index in stride(from: 0, to: all.count - 1, by: 17).reversed() {
        let next = try guest.readdir(handle, at: all[index].offset, byteCount: 4096, plus: plus)
        #expect(next.first?.name == all[index + 1].name)
      }
      #expect(try guest.readAll(handle, plus: plus).map(\.name) == all.map(\.name))
    }
  }

  @Test func whatIsMadeAndRemovedMeanwhileDoesNotDisturbTheRest() async throws {
    try await withGuest { guest in
      try Self.fill(guest)
      let handle = try guest.opendir()
      var seen = try guest.readdir(handle, byteCount: 4096)
      for name in seen.map(\.name) where name != "." && name != ".." {
        try hostRemove(guest.path(name))
      }
      try hostWrite(guest.path("late"), "")
      while true {
        let next = try guest.readdir(handle, at: seen.last?.offset ?? 0, byteCount: 4096)
        if next.isEmpty { break }
        seen += next
      }
      let names = seen.map(\.name).filter { $0 != "late" }
      #expect(names.sorted() == (Self.names + [".", ".."]).sorted())
    }
  }

  @Test func theRootShowsItselfAsItsParent() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("sub"))
      let root = try hostStatus(guest.directory.path).inode
      for plus in [false, true] {
        let records = try guest.readAll(guest.opendir(), plus: plus)
        #expect(records.filter { $0.name.hasPrefix(".") }.map(\.ino) == [root, root])
      }
      let sub = try guest.lookup("sub").node
      let records = try guest.readAll(guest.opendir(sub), of: sub)
      #expect(records.first { $0.name == ".." }?.ino == root)
      #expect(records.first { $0.name == "." }?.ino == (try hostStatus(guest.path("sub")).inode))
    }
  }

  @Test func plusLooksUpEveryEntryAndCountsItOnce() async throws {
    try await withGuest { guest in
      try Self.fill(guest)
      let records = try guest.readAll(guest.opendir(), plus: true)
      #expect(guest.share.counts.nodes == Self.names.count + 1)
      for record in records where record.name != "." && record.name != ".." {
        #expect(record.node.rawValue > NodeID.root.rawValue)
        #expect(record.attrIno == record.ino)
        #expect(record.entryValidSeconds == 1)
        let looked = try guest.lookup(record.name)
        #expect(looked.node == record.node)
        guest.view.forget(record.node, lookups: 2)
      }
      // Had a record been counted that was not in a reply, its node would be left.
      #expect(guest.share.counts.nodes == 1)
    }
  }

  @Test func plusDoesNotCountTheDirectoryItselfOrItsParent() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("sub"))
      let sub = try guest.lookup("sub").node
      let records = try guest.readAll(guest.opendir(sub), of: sub, plus: true)
      #expect(records.map(\.node) == [NodeID(rawValue: 0), NodeID(rawValue: 0)])
      guest.view.forget(sub, lookups: 1)
      #expect(guest.share.counts.nodes == 1)
    }
  }

  @Test func anEntryThatCannotBeLookedUpIsShownWithoutANode() async throws {
    try await withGuest {
      $0.maximumNodeCount = 3
    } _: { guest in
      for name in ["a", "b", "c", "d"] { try hostWrite(guest.path(name), "") }
      let records = try guest.readAll(guest.opendir(), plus: true)
      #expect(records.map(\.name).sorted() == [".", "..", "a", "b", "c", "d"])
      let known = records.filter { $0.node.rawValue != 0 }.count
      #expect((1...3).contains(known))
      #expect(guest.share.counts.nodes == known + 1)
    }
  }

  @Test(arguments: [false, true])
  func anEmptyReplyMeansTheEndAndNothingElse(plus: Bool) async throws {
    try await withGuest { guest in
      try hostWrite(guest.path(String(repeating: "x", count: 255)), "")
      let handle = try guest.opendir()
      let all = try guest.readAll(handle, plus: plus)
      #expect(all.count == 3)
      #expect(try guest.readdir(handle, at: all[2].offset, plus: plus).isEmpty)
      // Not even the first record fits.
      #expect(throws: Errno.invalidArgument) {
        try guest.readdir(handle, byteCount: plus ? 152 : 24, plus: plus)
      }
      #expect(throws: Errno.invalidArgument) { try guest.readdir(handle, byteCount: 0, plus: plus) }
      #expect(try guest.readAll(handle, plus: plus) == all)
    }
  }

  @Test func anOffsetThatNoHostHasIsRefused() async throws {
    try await withGuest { guest in
      let handle = try guest.opendir()
      #expect(throws: Errno.invalidArgument) { try guest.readdir(handle, at: .max) }
      #expect(throws: Errno.invalidArgument) { try guest.readdir(handle, at: 1 << 63) }
      #expect(try guest.readdir(handle).count == 2)
    }
  }

  @Test func aHandleBelongsToItsDirectory() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("sub"))
      try hostWrite(guest.path("file"), "")
      let sub = try guest.lookup("sub").node
      let file = try guest.lookup("file").node
      let handle = try guest.opendir(sub)
      #expect(throws: Errno.badDescriptor) { try guest.readdir(handle, of: .root) }
      #expect(throws: Errno.badDescriptor) { try guest.readdir(handle &+ 1, of: sub) }
      let open = try guest.open(file).handle
      #expect(throws: Errno.notDirectory) { try guest.readdir(open, of: file) }
      #expect(throws: Errno.notDirectory) { try guest.opendir(file) }
      try guest.view.releasedir(sub, ReleaseIn(handle: handle))
      #expect(throws: Errno.badDescriptor) { try guest.readdir(handle, of: sub) }
      #expect(guest.share.counts.openFiles == 1)
    }
  }

  @Test func fsyncdirIsDeferredForTheDirectory() async throws {
    try await withGuest { guest in
      let handle = try guest.opendir()
      let arguments = FsyncIn(handle: handle, flags: .dataOnly)
      guard case .sync(let file, let dataOnly) = try guest.view.fsyncdir(.root, arguments) else {
        Issue.record("not a sync")
        return
      }
      #expect(file.handle == handle)
      #expect(dataOnly)
      try file.descriptor.synchronizeData()
    }
  }

  @Test(arguments: CachePolicy.allCases)
  func theCachePolicyDecidesHowADirectoryIsOpened(policy: CachePolicy) async throws {
    try await withGuest {
      $0.cache = policy
    } _: { guest in
      let isCached = policy == .always || policy == .metadata
      let flags = try guest.view.opendir(.root, OpenIn()).flags
      #expect(flags == (isCached ? [.keepCache, .cacheDirectory] : []))
    }
  }

  /// Two threads read through one handle: each reply is a true piece of the directory.
  @Test func aHandleMayBeSharedByThreads() async throws {
    try await withGuest { guest in
      try Self.fill(guest)
      let handle = try guest.opendir()
      let all = try guest.readAll(handle)
      let (share, path) = (guest.share, guest.directory)
      let read: @Sendable () -> Void = {
        do {
          let other = try Guest(path, sharing: share)
          for index in (0..<50).flatMap({ _ in stride(from: 0, to: all.count, by: 20) }) {
            let next = try other.readdir(handle, at: all[index].offset, byteCount: 1024)
            #expect(next.map(\.name) == all[(index + 1)...].prefix(next.count).map(\.name))
          }
        } catch {
          Issue.record("\(error)")
        }
      }
      let first = try Thread(name: "first", read)
      let second = try Thread(name: "second", read)
      first.join()
      second.join()
    }
  }

  /// As on any Linux file system: a removed directory has no entries, not even itself.
  @Test func aRemovedDirectoryIsENOENTToWhoReadsIt() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("sub"))
      let sub = try guest.lookup("sub").node
      let handle = try guest.opendir(sub)
      try hostRemove(guest.path("sub"))
      #expect(throws: Errno.noEntry) { try guest.readdir(handle, of: sub, plus: true) }
      try guest.view.releasedir(sub, ReleaseIn(handle: handle))
      #expect(guest.share.counts.openFiles == 0)
    }
  }
}
