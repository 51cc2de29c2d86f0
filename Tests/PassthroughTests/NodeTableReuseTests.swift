import FuseProtocol
import Linux
import Passthrough
import TestSupport
import Testing

/// An inode number that is given to another file: the reason for handles and pins.
@Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
struct NodeTableReuseTests {
  /// Has the guest look up files that are then removed, makes others until one has the inode number
  /// of one of those, and calls `body` with the old node and the name of the new file.
  ///
  /// - Returns: Whether a number was used again within a minute and a half: ext4 passes over those
  ///   that were given up just now, if it knows of others.
  private func reuseNumber(
    _ share: NodeFixture, _ body: (NodeID, FileStatus, String) throws -> Void
  ) throws -> Bool {
    var removed: [UInt64: (NodeID, FileStatus)] = [:]
    let deadline = SystemClock.now + .seconds(90)
    var round = 0
    while round < 64 || SystemClock.now < deadline {
      let name = "old-\(round)"
      try hostWrite(share.path(name), "old")
      let (node, status) = try share.lookup(name)
      try hostRemove(share.path(name))
      removed[status.inode] = (node, status)
      for number in 0..<8 {
        let other = "new-\(round)-\(number)"
        try hostWrite(share.path(other), "new")
        guard let old = removed[try hostStatus(share.path(other)).inode] else { continue }
        try body(old.0, old.1, other)
        return true
      }
      round += 1
      if round > 64 { SystemClock.sleep(milliseconds: 100) }
    }
    return false
  }

  @Test(arguments: [FileHandleMode.prefer, .mandatory])
  func aReusedNumberIsANewNodeAndTheOldOneIsStale(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let isReused = try reuseNumber(share) { old, oldStatus, name in
      let (new, status) = try share.lookup(name)
      #expect(status.inode == oldStatus.inode)
      #expect(new != old)
      #expect(try share.contents(new) == "new")
      #expect(throws: Errno.stale) { try share.status(old) }
      #expect(throws: Errno.stale) { try share.nodes.openFile(old, flags: .readWrite).borrowed }
      // However often it is asked: the two stay apart.
      #expect(try share.node(name) == new)
      try hostLink(share.path(name), as: share.path("link"))
      #expect(try share.node("link") == new)
      // Forgetting the old one takes nothing from the new one.
      share.nodes.forget(old, lookups: 1)
      #expect(throws: Errno.stale) { try share.nodes.fileType(of: old) }
      #expect(try share.node(name) == new)
      share.nodes.forget(new, lookups: 4)
      #expect(throws: Errno.stale) { try share.nodes.fileType(of: new) }
    }
    #expect(isReused, "the file system gave no inode number a second time")
  }

  @Test(arguments: [FileHandleMode.prefer, .mandatory])
  func aNumberReusedUnderTheSameNameIsANewNode(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    var isReused = false
    for _ in 0..<256 where !isReused {
      try hostWrite(share.path("a"), "old")
      let (old, oldStatus) = try share.lookup("a")
      try hostRemove(share.path("a"))
      try hostWrite(share.path("a"), "new")
      let (new, status) = try share.lookup("a")
      #expect(new != old)
      isReused = status.inode == oldStatus.inode
      #expect(try share.contents(new) == "new")
      try hostRemove(share.path("a"))
    }
    #expect(isReused, "the file system gave no inode number a second time")
  }

  /// A pin keeps the file, so its number is given to nobody until the guest forgets it.
  @Test func withPinsANumberIsNotReusedBeforeTheNodeIsForgotten() throws {
    let share = try NodeFixture(.never)
    try hostWrite(share.path("old"), "old")
    let (old, oldStatus) = try share.lookup("old")
    try hostRemove(share.path("old"))
    for number in 0..<64 {
      try hostWrite(share.path("new-\(number)"), "new")
      let (node, status) = try share.lookup("new-\(number)")
      #expect(node != old)
      #expect(status.inode != oldStatus.inode)
    }
    #expect(try share.contents(old) == "old")
    // Nothing else holds the number: whether the host gives it again is not for us to say.
    #expect(try share.openDescriptors().count { isOfRemovedFile($0) } == 1)
    share.nodes.forget(old, lookups: 1)
    share.quiesce()
    #expect(try share.openDescriptors().allSatisfy { !isOfRemovedFile($0) })
  }

  /// Whether procfs says so of what a descriptor is of.
  private func isOfRemovedFile(_ target: String) -> Bool { target.hasSuffix(" (deleted)") }

  /// A node made by CREATE, its file then unlinked but kept open by the guest.
  @Test(arguments: FileHandleMode.allCases)
  func aFileThatTheGuestHasOpenKeepsItsNumber(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let root = try openDirectory(share.directory.path)
    let file = try root.borrowed.open(PathName("a"), [.readWrite, .create], mode: 0o600)
    let (node, status) = try share.nodes.claim(file)
    try hostRemove(share.path("a"))
    for number in 0..<64 {
      try hostWrite(share.path("b-\(number)"), "new")
      let (other, otherStatus) = try share.lookup("b-\(number)")
      #expect(other != node)
      #expect(otherStatus.inode != status.inode)
    }
    #expect(try share.status(node).inode == status.inode)
  }
}
