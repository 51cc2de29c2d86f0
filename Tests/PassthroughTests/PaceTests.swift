import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

/// Which calls may be made at once is known of a mount, not of a file (docs/blocking.md).
@Suite(needsRoot) struct PaceTests {
  @Test func aRefusalHoldsForAllFilesOfTheMount() async throws {
    try await withGuest { guest in
      let first = try guest.reference(to: guest.create("one").open.handle)
      // On a tmpfs nothing is refused.
      guard first.readsAtOnce != .yes else { return }
      #expect(guest.view.refusesNoWait(first, .read) == .no)
      let other = try guest.reference(to: guest.create("two").open.handle)
      #expect(other.readsAtOnce == .no)
      #expect(other.writesAtOnce == .unlessItWaits)
    }
  }

  @Test func afterAWriteThatWaitedNoneIsMadeAtOnceForAWhile() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      let file = try guest.reference(to: handle)
      #expect(file.writesAtOnce != .no)
      guest.view.hasWaited(for: file)
      #expect(try guest.reference(to: handle).writesAtOnce == .no)
      #expect(try guest.reference(to: handle).readsAtOnce == file.readsAtOnce)
      let deadline = SystemClock.now + .seconds(30)
      while try guest.reference(to: handle).writesAtOnce == .no, SystemClock.now < deadline {
        SystemClock.sleep(milliseconds: 50)
      }
      #expect(try guest.reference(to: handle).writesAtOnce == file.writesAtOnce)
    }
  }

  @Test func nothingWaitsForAFileInMemory() async throws {
    let memory = try TemporaryFileSystem(byteCount: 1 << 20)
    try await withGuest(in: try TemporaryDirectory("share", in: memory.path)) { guest in
      let file = try guest.reference(to: guest.create("file").open.handle)
      #expect(file.readsAtOnce == .yes)
      #expect(file.writesAtOnce == .yes)
    }
  }

  /// To free much takes long: a thread that others wait for leaves it alone.
  @Test func aLargeTruncationIsPostponedBeforeItHasBegun() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("large"), "text")
      try hostTruncate(guest.path("large"), 1 << 30)
      let node = try guest.lookup("large").node
      let hurried = try guest.share.makeView(mayWait: false)
      let cut = SetattrIn(valid: [.size, .mode], size: 100, mode: 0o600)
      #expect(throws: Errno.mustWait) { try hurried.setattr(node, cut) }
      let truncation = UInt32(bitPattern: OpenFlags.writeOnly.union(.truncate).rawValue)
      #expect(throws: Errno.mustWait) { try hurried.open(node, OpenIn(flags: truncation)) }
      #expect(try hostStatus(guest.path("large")).size == 1 << 30)
      #expect(try hostStatus(guest.path("large")).permissions == 0o644)
      // What grows, or loses little, is done at once; the rest by a view that may wait.
      let longer = SetattrIn(valid: .size, size: 1 << 30 + 1)
      #expect(try hurried.setattr(node, longer).attr.size == 1 << 30 + 1)
      #expect(
        try hurried.setattr(node, SetattrIn(valid: .size, size: 1 << 30)).attr.size == 1 << 30)
      #expect(try guest.view.setattr(node, cut).attr.size == 100)
    }
  }
}

extension Guest {
  fileprivate func reference(to handle: UInt64) throws(Errno) -> FileReference {
    try view.fsync(.root, FsyncIn(handle: handle, flags: [])).reference
  }
}

extension DeferredCall {
  fileprivate var reference: FileReference {
    switch self {
    case .read(let file, _, _), .write(let file, _), .sync(let file, _), .allocate(let file, _):
      file
    }
  }
}
