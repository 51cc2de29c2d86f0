import FuseProtocol
import Linux
import Passthrough
import Synchronization
import TestSupport
import Testing

@Suite struct NodeTableForgetTests {
  @Test(arguments: FileHandleMode.allCases)
  func aNodeGoesWithItsLastLookupAndItsNumberNeverComesAgain(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostWrite(share.path("a"), "text")
    let idle = try share.openDescriptors().count
    var seen: Set<NodeID> = []
    for _ in 0..<100 {
      let node = try share.node("a")
      #expect(try share.node("a") == node)
      #expect(try share.node("a") == node)
      #expect(seen.insert(node).inserted)
      share.nodes.forget(node, lookups: 2)
      #expect(try share.nodes.fileType(of: node) == 0o100000)
      share.nodes.forget(node, lookups: 1)
      #expect(throws: Errno.stale) { try share.nodes.fileType(of: node) }
      #expect(throws: Errno.stale) { try share.status(node) }
      #expect(throws: Errno.stale) { try share.lookup("x", in: node) }
      #expect(share.nodes.count == 1)
      share.quiesce()
      #expect(try share.openDescriptors().count == idle)
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func forgettingMoreThanThereIsForgetsAllAndNoMore(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    share.nodes.forget(node, lookups: .max)
    share.nodes.forget(node, lookups: .max)
    #expect(share.nodes.count == 1)
    let again = try share.node("a")
    #expect(again != node)
    share.nodes.forget(node, lookups: .max)
    #expect(try share.contents(again) == "text")
  }

  @Test func numbersThatNeverWereNodesAreStaleOrIgnored() throws {
    let share = try NodeFixture(.prefer)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    let numbers: [UInt64] = [
      0, 2, .max, node.rawValue + 1, node.rawValue + 1 << 32, node.rawValue & 0xffff_ffff,
      1 << 32 | 1, 0xffff_ffff, 1 << 63,
    ]
    for number in numbers {
      let node = NodeID(rawValue: number)
      #expect(throws: Errno.stale) { try share.status(node) }
      #expect(throws: Errno.stale) { try share.nodes.fileType(of: node) }
      #expect(throws: Errno.stale) { try share.nodes.openFile(node, flags: .readOnly).borrowed }
      #expect(throws: Errno.stale) { try share.lookup("a", in: node) }
      share.nodes.forget(node, lookups: 1)
    }
    #expect(try share.contents(node) == "text")
  }

  @Test(arguments: FileHandleMode.allCases)
  func forgettingAllLeavesTheRootAndNoDescriptor(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let idle = try share.openDescriptors().count
    let used = share.descriptors.used
    for number in 0..<500 {
      try hostWrite(share.path("file-\(number)"), "text")
      _ = try share.node("file-\(number)")
    }
    #expect(share.nodes.count == 501)
    #expect(try share.openDescriptors().count == (mode == .never ? idle + 500 : idle))
    share.nodes.forgetAll()
    share.quiesce()
    #expect(share.nodes.count == 1)
    #expect(try share.openDescriptors().count == idle)
    #expect(share.descriptors.used == used)
    #expect(try share.lookup("file-7").1.isRegular)
  }

  @Test(arguments: FileHandleMode.allCases)
  func aTableThatGoesClosesEverything(mode: FileHandleMode) throws {
    let directory = try TemporaryDirectory("gone")
    try hostWrite(directory.path("a"), "text")
    do {
      let share = try NodeFixture(mode, on: directory.path)
      try hostWrite(share.path("a"), "text")
      try hostMakeDirectory(share.path("d"))
      _ = try share.node("a")
      let node = try share.node("d")
      share.nodes.forget(node, lookups: 1)
    }
    let open = try openDescriptorsOfThisProcess().filter { $0.contains(directory.path) }
    #expect(open == [])
  }

  @Test(arguments: FileHandleMode.allCases)
  func atTheBoundALookupFailsAndForgettingMakesRoom(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode, maximumCount: 11)
    for number in 0..<11 { try hostWrite(share.path("\(number)"), "text") }
    let nodes = try (0..<10).map { try share.node("\($0)") }
    #expect(throws: Errno.tableFull) { try share.lookup("10") }
    #expect(try share.node("3") == nodes[3])
    share.nodes.forget(nodes[3], lookups: 2)
    share.quiesce()
    #expect(try share.contents(try share.node("10")) == "text")
  }

  @Test func withoutDescriptorsForPinsALookupFailsAndLeavesSomeForOpenFiles() throws {
    let share = try NodeFixture(.never, descriptorLimit: 16)
    for number in 0..<16 { try hostWrite(share.path("\(number)"), "text") }
    let idle = try share.openDescriptors().count
    var nodes: [NodeID] = []
    #expect(throws: Errno.tableFull) {
      for number in 0..<16 { nodes.append(try share.node("\(number)")) }
    }
    #expect(share.descriptors.used == 14)
    #expect(try share.openDescriptors().count == idle + nodes.count)
    let files = OpenFileTable(
      limbo: share.limbo, descriptors: share.descriptors, maximumCount: 100)
    let handle = try files.insert(
      try share.nodes.openFile(nodes[0], flags: .readOnly), node: nodes[0], flags: [])
    #expect(try files.find(handle).node == nodes[0])
    #expect(share.descriptors.used == 15)
  }

  /// Lookups and forgets of one file from all sides, while the host replaces it.
  @Test(.timeLimit(.minutes(2)), arguments: FileHandleMode.allCases)
  func aStormOfLookupsAndForgetsEndsWithAnEmptyTable(mode: FileHandleMode) throws {
    let share = try NodeFixture(mode)
    let idle = try share.openDescriptors().count
    let used = share.descriptors.used
    let wrong = Atomic(0)
    try hostWrite(share.path("a"), "text")
    try hostLink(share.path("a"), as: share.path("b"))
    try share.whileIdle {
      try onThreads(5) { thread in
        if thread == 4 { return replace(share, times: 1500) }
        let view = share.limbo.register()
        var random = SeededRandom(seed: UInt64(thread))
        var known: [NodeID] = []
        for _ in 0..<4000 {
          if random.oneIn(2), let node = known.popLast() {
            share.nodes.forget(node, lookups: 1)
          } else if let (node, status) = try? share.lookup(random.oneIn(2) ? "a" : "b") {
            known.append(node)
            // Attributes are those of the node's own file, or it is gone by now.
            if let now = try? share.status(node), now.inode != status.inode {
              wrong.wrappingAdd(1, ordering: .relaxed)
            }
            if (try? share.nodes.fileType(of: node)) == nil {
              wrong.wrappingAdd(1, ordering: .relaxed)
            }
          }
          if random.oneIn(4) { share.limbo.quiesce(view) }
          if random.oneIn(64) {
            share.limbo.goIdle(view)
            share.limbo.wake(view)
          }
        }
        for node in known { share.nodes.forget(node, lookups: 1) }
        share.limbo.unregister(view)
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(share.nodes.count == 1)
    share.quiesce()
    #expect(share.limbo.count == 0)
    #expect(share.descriptors.used == used)
    #expect(try share.openDescriptors().count == idle)
  }
}

/// The host's side of the storm.
private func replace(_ share: NodeFixture, times: Int) {
  for number in 0..<times {
    try? hostWrite(share.path("new"), "text \(number)")
    try? hostRename(share.path("new"), to: share.path("a"))
    if number % 3 == 0 {
      try? hostRemove(share.path("b"))
      try? hostLink(share.path("a"), as: share.path("b"))
    }
  }
}
