import FuseProtocol
import Linux
import TestSupport
import Testing

@testable import Passthrough

/// Which nodes are held open although they have a handle.
@Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
struct PinCacheTests {
  private func isPinned(_ node: NodeID, _ nodes: NodeTable) throws -> Bool {
    nodes.store.slots[try nodes.place(of: node)].isPinned
  }

  private func makeFiles(_ share: NodeFixture, _ count: Int) throws {
    for number in 0..<count { try hostWrite(share.path("f\(number)"), "\(number)") }
  }

  @Test func whileThereIsRoomWhatIsLookedUpIsPinned() throws {
    let share = try NodeFixture(.prefer, pinLimit: 2)
    try makeFiles(share, 3)
    let nodes = try (0..<3).map { try share.node("f\($0)") }
    #expect(try nodes.map { try isPinned($0, share.nodes) } == [true, true, false])
  }

  @Test func whatIsAskedForAgainTakesTheColdestPin() throws {
    let share = try NodeFixture(.prefer, pinLimit: 2)
    try makeFiles(share, 3)
    let nodes = try (0..<3).map { try share.node("f\($0)") }
    // The first is hot, the second is not.
    _ = try share.node("f0")
    _ = try share.node("f2")
    #expect(try isPinned(nodes[2], share.nodes) == false)
    #expect(try share.node("f2") == nodes[2])
    #expect(try nodes.map { try isPinned($0, share.nodes) } == [true, false, true])
    // By its handle the demoted one is what it was.
    #expect(try share.contents(nodes[1]) == "1")
    #expect(try share.node("f1") == nodes[1])
    share.quiesce()
    #expect(share.descriptors.used == 2 + 2)
  }

  @Test func usingANodeTwicePinsItToo() throws {
    let share = try NodeFixture(.prefer, pinLimit: 1)
    try makeFiles(share, 2)
    let first = try share.node("f0")
    let second = try share.node("f1")
    for _ in 0..<3 { _ = try share.status(second) }
    #expect(try isPinned(second, share.nodes))
    #expect(try isPinned(first, share.nodes) == false)
  }

  @Test(arguments: [FileHandleMode.prefer, .mandatory])
  func walkingATreeOnceDrivesNothingOut(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode, pinLimit: 4)
    try makeFiles(share, 100)
    let hot = try (0..<4).map { try share.node("f\($0)") }
    for number in 4..<100 { _ = try share.node("f\(number)") }
    #expect(try hot.allSatisfy { try isPinned($0, share.nodes) })
    #expect(share.descriptors.used == 2 + 4)
  }

  @Test func aFileWithoutANameKeepsItsPin() throws {
    let share = try NodeFixture(.prefer, pinLimit: 1)
    try makeFiles(share, 2)
    let gone = try share.node("f0")
    try hostRemove(share.path("f0"))
    let other = try share.node("f1")
    for _ in 0..<5 { _ = try share.node("f1") }
    #expect(try share.status(other).size == 1)
    #expect(try share.contents(gone) == "0")
    // Who cannot give way still counts.
    share.quiesce()
    #expect(share.descriptors.used == 2 + 1)
  }

  @Test func aFileWhoseHandleDoesNotOpenKeepsItsPin() throws {
    let share = try NodeFixture(.prefer, pinLimit: 1)
    try makeFiles(share, 2)
    let (first, status) = try share.lookup("f0")
    let plan = FaultPlan([Fault(.openHandle, .stale, inode: status.inode)])
    try plan.whileActive {
      for _ in 0..<5 { _ = try share.node("f1") }
      #expect(plan.failureCount > 0)
      #expect(try isPinned(first, share.nodes))
      #expect(try share.contents(first) == "0")
    }
  }

  @Test func withALimitOfZeroNothingIsPinned() throws {
    let share = try NodeFixture(.prefer, pinLimit: 0)
    try makeFiles(share, 1)
    let node = try share.node("f0")
    for _ in 0..<5 { _ = try share.node("f0") }
    _ = try share.status(node)
    #expect(try isPinned(node, share.nodes) == false)
  }

  @Test func forgettingEverythingMakesRoom() throws {
    let share = try NodeFixture(.prefer, pinLimit: 2)
    try makeFiles(share, 4)
    for number in 0..<4 { _ = try share.node("f\(number)") }
    share.nodes.forgetAll()
    share.quiesce()
    share.quiesce()
    #expect(share.descriptors.used == 2)
    let node = try share.node("f3")
    #expect(try isPinned(node, share.nodes))
  }

  /// Lookups of few files from many threads, with few pins: each is always the same node, and
  /// reads as itself, whoever takes its pin away meanwhile.
  @Test func pinsComeAndGoUnderOtherThreads() throws {
    let share = try NodeFixture(.prefer, pinLimit: 3)
    try makeFiles(share, 12)
    let nodes = try (0..<12).map { try share.node("f\($0)") }
    try share.whileIdle {
      try onThreads(4) { number in
        let view = share.limbo.register()
        defer { share.limbo.unregister(view) }
        var random = SeededRandom(seed: UInt64(number))
        for _ in 0..<3000 {
          let choice = Int.random(in: 0..<nodes.count, using: &random)
          if (try? share.node("f\(choice)")) != nodes[choice] { Issue.record("another node") }
          if (try? share.contents(nodes[choice])) != "\(choice)" { Issue.record("another file") }
          share.limbo.quiesce(view)
        }
      }
    }
    share.quiesce()
    #expect(share.descriptors.used <= 2 + 3)
  }
}
