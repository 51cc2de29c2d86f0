import FuseProtocol
import Linux
import TestSupport
import Testing

@testable import Passthrough

/// What the thread of 2021 asks of a table of nodes that falls back from handles to numbers, and
/// which it left open: the single messages, each as a test.
///
/// That an inode number is used again is `NodeTableReuseTests`, that a mount cannot be opened
/// `MountsTests`, that anything fails at random `NodeHistoryTests`.
@Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
struct SeedThreadTests {
  /// What the kernel says of a file that it makes no handle of, this once.
  private static let refusals: [Errno] = [.notSupported, .overflow]

  private func hasHandle(_ node: NodeID, _ share: NodeFixture) throws -> Bool {
    share.nodes.store.slots[try share.nodes.place(of: node)].hasHandle
  }

  private func openFile(_ share: NodeFixture, _ name: String) throws -> OwnedDescriptor {
    try withPathName(share.path(name)) { (path) throws(Errno) in
      try Descriptor.currentDirectory.open(path, .path)
    }
  }

  /// "The first lookup had no handle, the second has one": found by its number, which the pin
  /// keeps, and upgraded in place.
  @Test(arguments: refusals)
  func firstWithoutAHandleThenWithOneIsOneNode(_ refusal: Errno) throws {
    let share = try NodeFixture(.prefer)
    try hostWrite(share.path("a"), "text")
    let plan = FaultPlan([Fault(.makeHandle, refusal)])
    let node = try plan.whileActive { try share.node("a") }
    #expect(plan.failureCount > 0)
    #expect(try hasHandle(node, share) == false)
    #expect(try share.node("a") == node)
    #expect(try share.nodes.claim(try openFile(share, "a")).0 == node)
    #expect(try hasHandle(node, share))
    #expect(share.nodes.count == 2)
  }

  /// "A handle was generated, then generation failed": the number is not pinned, so its own handle
  /// is asked. This is the message that ends the thread: the same node must come back.
  @Test(arguments: [0, 8], refusals)
  func firstWithAHandleThenWithoutOneIsOneNode(_ pinLimit: Int, _ refusal: Errno) throws {
    let share = try NodeFixture(.prefer, pinLimit: pinLimit)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    let plan = FaultPlan([Fault(.makeHandle, refusal)])
    let (second, third) = try plan.whileActive {
      (try share.node("a"), try share.nodes.claim(try openFile(share, "a")).0)
    }
    #expect(second == node && third == node)
    #expect(plan.failureCount > 0)
    #expect(try share.node("a") == node)
    #expect(share.nodes.count == 2)
  }

  /// The same with a file that has got the number meanwhile: it is another node.
  @Test func firstWithAHandleThenAnotherFileWithoutOneAreTwoNodes() throws {
    let share = try NodeFixture(.prefer)
    let plan = FaultPlan([Fault(.makeHandle, .overflow)])
    var isReused = false
    for _ in 0..<256 where !isReused {
      try hostWrite(share.path("a"), "old")
      let (old, oldStatus) = try share.lookup("a")
      try hostRemove(share.path("a"))
      try hostWrite(share.path("a"), "new")
      let (new, status) = try plan.whileActive { try share.lookup("a") }
      isReused = status.inode == oldStatus.inode
      #expect(new != old)
      #expect(try share.contents(new) == "new")
      #expect(throws: Errno.stale) { try share.status(old) }
      try hostRemove(share.path("a"))
    }
    #expect(isReused, "the file system gave no inode number a second time")
  }

  /// A failure that is none of the file's is the guest's to see, and changes nothing.
  @Test(arguments: [FaultyCall.makeHandle, .openHandle, .status, .open])
  func aShortageIsAnErrorAndNoSecondNode(_ call: FaultyCall) throws {
    let share = try NodeFixture(.prefer)
    try hostWrite(share.path("a"), "text")
    let node = try share.node("a")
    let file = try openFile(share, "a")
    let plan = FaultPlan([
      Fault(call, .tooManyOpenFiles), Fault(.makeHandle, .notSupported, .perMille(500)),
    ])
    plan.whileActive {
      for _ in 0..<20 {
        if let found = try? share.node("a") { #expect(found == node) }
        if let found = try? share.nodes.claim(file).0 { #expect(found == node) }
      }
    }
    #expect(plan.failureCount > 0)
    #expect(try share.node("a") == node)
    #expect(share.nodes.count == 2)
  }

  /// Running out of descriptors is that request's ENFILE.
  @Test func withoutDescriptorsALookupFailsAndTheOthersWorkOn() throws {
    let share = try NodeFixture(.never, descriptorLimit: 16)
    for number in 0..<30 { try hostWrite(share.path("f\(number)"), "\(number)") }
    var nodes: [NodeID] = []
    for number in 0..<30 {
      do {
        nodes.append(try share.node("f\(number)"))
      } catch {
        #expect(error == .tableFull)
      }
    }
    #expect((5..<16).contains(nodes.count))
    for (number, node) in nodes.enumerated() {
      #expect(try share.contents(node) == "\(number)")
      #expect(try share.node("f\(number)") == node)
    }
    share.nodes.forget(nodes[0], lookups: 2)
    share.quiesce()
    #expect(try share.contents(try share.node("f29")) == "29")
  }
}
