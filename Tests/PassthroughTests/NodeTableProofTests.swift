import FuseProtocol
import Linux
import Synchronization
import TestSupport
import Testing

@testable import Passthrough

/// A node that is known, but not by the handle that was had now.
///
/// Its identity alone proves nothing without a pin. This is where the 2021 thread ended with two
/// nodes.
@Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
struct NodeTableProofTests {
  /// Takes the node out of the index by handle, as if the file had another handle each time.
  private func hideHandle(of node: NodeID, in nodes: NodeTable) throws {
    let index = try nodes.place(of: node)
    let handle = try #require(nodes.store.handle(at: index))
    let hash = nodes.hasher.hash(handle)
    nodes.shards.withHandles(hash) { $0.remove(UInt32(truncatingIfNeeded: hash), index) }
  }

  @Test(arguments: [FileHandleMode.prefer, .mandatory])
  func theSameFileIsTheSameNodeWhatsoeverHandleItHasNow(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    try hideHandle(of: node, in: share.nodes)
    #expect(try share.node("a") == node)
    let file = try share.nodes.openFile(node, flags: .readOnly)
    #expect(try share.nodes.claim(file).0 == node)
    #expect(share.nodes.count == 2)
    share.nodes.forget(node, lookups: 3)
    #expect(share.nodes.count == 1)
  }

  @Test(arguments: [FileHandleMode.prefer, .mandatory])
  func anotherFileWithTheNumberIsAnotherNode(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    var isReused = false
    for round in 0..<256 where !isReused {
      try hostWrite(share.path("a"), "old")
      let (old, oldStatus) = try share.lookup("a")
      try hideHandle(of: old, in: share.nodes)
      try hostRemove(share.path("a"))
      try hostWrite(share.path("a"), "new")
      let (new, status) = try share.lookup("a")
      isReused = status.inode == oldStatus.inode
      #expect(new != old, "round \(round)")
      #expect(try share.contents(new) == "new")
      if isReused { #expect(throws: Errno.stale) { try share.status(old) } }
      share.nodes.forget(old, lookups: 1)
      #expect(try share.node("a") == new)
      try hostRemove(share.path("a"))
    }
    #expect(isReused, "the file system gave no inode number a second time")
  }

  /// A node made while no handle could be had is pinned; it gets the handle when there is one.
  @Test func aPinnedNodeGetsTheHandleThatItLacked() throws {
    let share = try NodeFixture(.prefer)
    let nodes = share.nodes
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    // As if the handle had not been made: no handle, but a pin.
    try hideHandle(of: node, in: nodes)
    let index = try nodes.place(of: node)
    let file = try withPathName(share.path("a")) { (path) throws(Errno) in
      try Descriptor.currentDirectory.open(path, .path)
    }
    try share.descriptors.take()
    nodes.store.setPin(file, at: index)
    nodes.store.slots[index].handleByteCount.store(0, ordering: .relaxed)
    #expect(try share.node("a") == node)
    #expect(nodes.store.handle(at: index) == nil)
    // Opened, it is asked for its handle.
    let opened = try nodes.openFile(node, flags: .readOnly)
    #expect(try nodes.claim(opened).0 == node)
    #expect(nodes.store.handle(at: index) != nil)
    #expect(nodes.count == 2)
    nodes.forget(node, lookups: 3)
    #expect(nodes.count == 1)
    #expect(try share.node("a") != node)
  }

  /// A status taken before a node was made or pinned says nothing about the node: the status's
  /// file may have gone, and the node's file have got its number.
  @Test(arguments: FileHandleMode.allCases)
  func aNodeThatIsYoungerThanTheStatusIsNotRecognizedByIt(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let nodes = share.nodes
    try hostWrite(share.path("a"), "text")
    let before = nodes.clock.load(ordering: .relaxed)
    let (node, status) = try share.lookup("a")
    let after = nodes.clock.load(ordering: .relaxed)
    #expect(before < after)
    try nodes.withDescriptor(of: .root) { (root) throws(Errno) in
      let name = PathName("a")
      #expect(nodes.recognize(status, name, in: root, before: before) == nil)
      #expect(nodes.recognize(status, name, in: root, before: after) == node)
    }
    // What was recognized was counted.
    nodes.forget(node, lookups: 1)
    #expect(try nodes.fileType(of: node) == FileStatus.regularType)
    nodes.forget(node, lookups: 1)
    #expect(nodes.count == 1)
  }

  /// A name that leads to another file by the time its handle is asked for is not the status's.
  @Test(arguments: FileHandleMode.allCases)
  func aStatusAndANameThatDisagreeRecognizeNothing(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let nodes = share.nodes
    try hostWrite(share.path("a"), "a")
    try hostWrite(share.path("b"), "b")
    let (_, status) = try share.lookup("a")
    let other = try share.node("b")
    let clock = nodes.clock.load(ordering: .relaxed)
    try nodes.withDescriptor(of: .root) { (root) throws(Errno) in
      let found = nodes.recognize(status, PathName("b"), in: root, before: clock)
      // By a pin the status alone is enough; the name does not matter.
      #expect((found == nil) == (mode != .never))
      #expect(found != other)
    }
  }

  /// Handles that do not fit the slot are kept elsewhere, and their place is given back.
  @Test func longHandlesAreKeptWhole() throws {
    let share = try NodeFixture(.prefer)
    let store = share.nodes.store
    for byteCount in [1, 8, 12, 16, 17, 20, 21, 31, 32, 33, 40, 64, 127, 128] {
      let index = try store.slots.take()
      var words = [16 of UInt64](repeating: 0)
      for number in 0..<16 {
        // Bytes that do not count are zero.
        let rest = 64 - min(max(byteCount - number * 8, 0), 8) * 8
        let word = UInt64(number + 1) &* 0x0123_4567_89ab_cdef
        words[number] = rest < 64 ? word & (.max >> rest) : 0
      }
      let handle = FileHandle(type: 77, byteCount: byteCount, words: words)
      try store.setHandle(handle, at: index)
      let kept = try #require(store.handle(at: index))
      #expect(kept == handle)
      #expect(store.holds(handle, at: index))
      words[(byteCount - 1) / 8] ^= 1
      #expect(!store.holds(FileHandle(type: 77, byteCount: byteCount, words: words), at: index))
      #expect(share.nodes.hasher.hash(kept) == share.nodes.hasher.hash(handle))
      store.reclaim(index)
      #expect(store.handle(at: index) == nil)
    }
  }
}
