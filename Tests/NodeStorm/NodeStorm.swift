import FuseProtocol
import Glibc
import Linux
import Passthrough
import Synchronization
import TestSupport

/// LOOKUP, FORGET, UNLINK and GETATTR of the same few files on several threads, with system calls
/// that fail at random.
final class NodeStorm: Sendable {
  struct Setting: CustomStringConvertible, Sendable {
    var mode: FileHandleMode
    var pinLimit: Int

    var description: String { "\(mode), \(pinLimit) pins" }
  }

  static let settings = [
    Setting(mode: .never, pinLimit: 0), Setting(mode: .prefer, pinLimit: 2),
    Setting(mode: .prefer, pinLimit: 100),
  ]

  private static let threadCount = 4
  private static let nameCount = 6
  private let setting: Setting
  private let directory: TemporaryDirectory
  private let limbo: Limbo
  private let nodes: NodeTable
  /// Node ids that threads leave to each other: one may be forgotten while another asks for it.
  private let shared: [8 of Atomic<UInt64>] = [8 of Atomic<UInt64>] { _ in Atomic(0) }
  private let done = Atomic(0)

  init(_ setting: Setting) throws {
    self.setting = setting
    directory = try TemporaryDirectory("storm")
    limbo = Limbo(descriptors: DescriptorBudget(limit: 500))
    let root = try Self.withPath(directory.path) { (path) throws(Errno) in
      try Descriptor.currentDirectory.open(path, [.path, .directory])
    }
    nodes = try NodeTable(
      root: root, links: try DescriptorLinks(), mode: setting.mode, limbo: limbo,
      maximumCount: 1000, pinLimit: setting.pinLimit, watchLimit: 10)
  }

  /// Runs `count` operations on each thread.
  ///
  /// - Returns: What was done.
  func run(_ count: Int) throws -> String {
    try onThreads(Self.threadCount) { thread in self.work(thread, count) }
    return "\(done.load(ordering: .relaxed)) operations"
  }

  /// What is wrong afterwards: everything was forgotten.
  var trouble: String? {
    limbo.collect()
    guard nodes.count == 1 else { return "\(nodes.count) nodes are left" }
    return limbo.count == 0 ? nil : "\(limbo.count) things wait"
  }

  private func work(_ thread: Int, _ count: Int) {
    let view = limbo.register()
    defer { limbo.unregister(view) }
    var random = SeededRandom(seed: UInt64(thread + 1))
    var known: [NodeID] = []
    for _ in 0..<count {
      step(&random, &known)
      done.wrappingAdd(1, ordering: .relaxed)
      switch Int.random(in: 0..<16, using: &random) {
      case 0:
        limbo.goIdle(view)
        limbo.wake(view)
      case 1..<8: limbo.quiesce(view)
      case _: break
      }
    }
    for node in known { nodes.forget(node, lookups: 1) }
    limbo.goIdle(view)
  }

  private func step(_ random: inout SeededRandom, _ known: inout [NodeID]) {
    let name = Int.random(in: 0..<Self.nameCount, using: &random)
    let place = Int.random(in: 0..<8, using: &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      try? hostWrite(directory.path("new\(name)"), "text")
      try? hostRename(directory.path("new\(name)"), to: directory.path("\(name)"))
    case 1: try? hostRemove(directory.path("\(name)"))
    case 2...4:
      guard let node = lookUp(name, &random) else { return }
      known.append(node)
      shared[place].store(node.rawValue, ordering: .relaxed)
    case 5...6:
      guard let node = known.popLast() else { return }
      nodes.forget(node, lookups: 1)
    case _:
      _ = try? nodes.status(of: NodeID(rawValue: shared[place].load(ordering: .relaxed)))
    }
  }

  private func lookUp(_ name: Int, _ random: inout SeededRandom) -> NodeID? {
    #if DEBUG
      let plan = FaultPlan(
        [
          Fault(.makeHandle, .overflow, .perMille(100)),
          Fault(.openHandle, .noMemory, .perMille(100)),
          Fault(.open, .tooManyOpenFiles, .perMille(50)),
        ], seed: random.next())
      return plan.whileActive { lookUp(name) }
    #else
      return lookUp(name)
    #endif
  }

  private func lookUp(_ name: Int) -> NodeID? {
    try? Self.withPath("\(name)") { (path) throws(Errno) in
      try nodes.lookup(path, in: .root).0
    }
  }

  private static func withPath<R: ~Copyable>(
    _ name: String, _ body: (borrowing PathName) throws(Errno) -> R
  ) throws(Errno) -> R {
    let bytes = Array(name.utf8) + [0]
    return try body(PathName(bytes.rawBytes))
  }
}

/// A line of what was done.
func report(_ text: String) {
  try? Descriptor.standardError.writeWhole(text + "\n")
}

/// Ends the program with status 1.
func fail(_ reason: String) -> Never {
  report("node-storm: \(reason)")
  exit(1)
}
