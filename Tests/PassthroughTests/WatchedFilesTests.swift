import FuseProtocol
import Linux
import Synchronization
import TestSupport
import Testing

@testable import Passthrough

/// Files that are known by a watch, when there is one, when there is none, and in between.
@Suite(.serialized) struct WatchedFilesTests {
  /// What says that there is no watch to be had.
  private static let refusals: [Errno] = [
    .noSpace, .tooManyOpenFiles, .accessDenied, .notPermitted, .notImplemented,
  ]
  /// What says nothing about that.
  private static let failures: [Errno] = [.inputOutput, .noMemory, .tableFull, .noEntry]

  /// Calls `body` with an overlay of two files of two names, all in the lower layer.
  private func onOverlay(
    _ watchLimit: Int = 1000, _ body: (NodeFixture, _ overlay: NodeID) throws -> Void
  ) throws {
    let overlay = try OverlayFileSystem("index=off") { lower in
      for name in ["a", "b"] {
        try hostWrite("\(lower)/\(name)0", name)
        try hostLink("\(lower)/\(name)0", as: "\(lower)/\(name)1")
      }
    }
    let share = try NodeFixture(.prefer, watchLimit: watchLimit)
    try hostMakeDirectory(share.path("mnt"))
    try share.mounting(["--bind", overlay.path], on: "mnt") {
      try body(share, try share.node("mnt"))
    }
  }

  private func isWatched(_ node: NodeID, _ share: NodeFixture) throws -> Bool {
    share.nodes.store.slots[try share.nodes.place(of: node)].hasHandle
  }

  @Test(.enabled(if: mayMount, "needs the right to mount"), arguments: failures)
  func aWatchThatFailsOnceMakesNoSecondNode(_ failure: Errno) throws {
    try onOverlay { share, overlay in
      let names = ["a0", "a1"]
      // Both have one number, which leads to the second now, and only its watch to the first.
      let nodes = try names.map { try share.node($0, in: overlay) }
      #expect(nodes[0] != nodes[1])
      let count = share.nodes.count
      let plan = FaultPlan([Fault(.watch, failure)])
      plan.whileActive {
        for name in names {
          #expect(throws: failure) { try share.node(name, in: overlay) }
        }
      }
      #expect(try names.map { try share.node($0, in: overlay) } == nodes)
      #expect(share.nodes.count == count)
    }
  }

  /// And from then on its names may change.
  @Test(.enabled(if: mayMount, "needs the right to mount"), arguments: refusals)
  func aFileThatGetsItsWatchLaterStaysOneNode(_ refusal: Errno) throws {
    try onOverlay { share, overlay in
      let names = ["a0", "a1", "b0", "b1"]
      let plan = FaultPlan([Fault(.watch, refusal)])
      let nodes = try plan.whileActive { try names.map { try share.node($0, in: overlay) } }
      #expect(plan.failureCount > 0)
      #expect(Set(nodes).count == 4)
      for node in nodes { #expect(try !isWatched(node, share)) }
      #expect(try names.map { try share.node($0, in: overlay) } == nodes)
      for node in nodes { #expect(try isWatched(node, share)) }
      try hostRename(share.path("mnt/a0"), to: share.path("mnt/c"))
      #expect(try share.node("c", in: overlay) == nodes[0])
    }
  }

  @Test(.enabled(if: mayMount, "needs the right to mount"), arguments: [0, 2])
  func noMoreFilesAreWatchedThanMayBe(_ limit: Int) throws {
    try onOverlay(limit) { share, overlay in
      let names = ["a0", "a1", "b0", "b1"]
      let nodes = try names.map { try share.node($0, in: overlay) }
      #expect(Set(nodes).count == 4)
      for _ in 0..<3 {
        #expect(try names.map { try share.node($0, in: overlay) } == nodes)
        #expect(try nodes.map { try isWatched($0, share) } == (0..<4).map { $0 < limit })
      }
      // What is forgotten leaves its watch to others.
      for node in nodes.prefix(2) { share.nodes.forget(node, lookups: 4) }
      share.quiesce()
      for _ in 0..<2 {
        #expect(try names.suffix(2).map { try share.node($0, in: overlay) } == nodes.suffix(2))
      }
      for node in nodes.suffix(2) { #expect(try isWatched(node, share) == (limit > 0)) }
    }
  }

  /// However many let go of the same files meanwhile.
  @Test func aHandleIsTheFilesAsLongAsItIsHeld() throws {
    let directory = try TemporaryDirectory("watched")
    let names = ["a", "b"]
    for name in names { try hostWrite(directory.path(name), "") }
    let watched = WatchedFiles(limit: 2)
    let same = Atomic(0)
    try onThreads(4) { thread in
      guard let links = try? DescriptorLinks(),
        let file = try? openPath(directory.path(names[thread % 2]))
      else { return }
      for _ in 0..<20_000 {
        guard let handle = try? watched.hold(file.borrowed, links) else { return }
        let isSame = try? watched.isHandle(handle, of: file.borrowed, links)
        same.wrappingAdd(isSame == true ? 1 : 0, ordering: .relaxed)
        watched.release(handle)
      }
    }
    #expect(same.load(ordering: .relaxed) == 80_000)
    #expect(watched.isComplete)
  }
}

private func openPath(_ path: String) throws(Errno) -> OwnedDescriptor {
  try withPathName(path) { (path) throws(Errno) in
    try Descriptor.currentDirectory.open(path, .path)
  }
}
