import FuseProtocol
import Linux
import Passthrough
import TestSupport

/// What host and guest may do in a history, one step after another.
///
/// The numbers choose names and nodes modulo what there is, so a history stays one when steps are
/// left out of it: that is how a failing one is made short.
struct HistoryStep: CustomStringConvertible, Sendable {
  enum Kind: CaseIterable, Sendable {
    case create
    case replace
    case unlink
    case rename
    case exchange
    case link
    case lookup
    case list
    case claim
    case read
    case status
    case forget
    case quiesce
  }

  var kind: Kind
  var first: Int
  var second: Int

  init(_ random: inout SeededRandom) {
    // The guest looks up more than the host changes.
    let draw = Int.random(in: 0..<Kind.allCases.count + 6, using: &random)
    kind = draw < Kind.allCases.count ? Kind.allCases[draw] : draw % 2 == 0 ? .lookup : .forget
    first = Int.random(in: 0..<1000, using: &random)
    second = Int.random(in: 0..<1000, using: &random)
  }

  init(kind: Kind, first: Int, second: Int) {
    self.kind = kind
    self.first = first
    self.second = second
  }

  var description: String { "\(kind) \(first) \(second)" }
}

/// In which modes, with which failures a history runs.
struct HistorySetting: CustomStringConvertible, Sendable {
  var mode: FileHandleMode
  var pinLimit: Int
  var descriptorLimit: Int
  var faults: [Fault]
  var seed: UInt64

  init(_ random: inout SeededRandom) {
    mode = FileHandleMode.allCases.randomElement(using: &random) ?? .prefer
    pinLimit = [0, 1, 2, 8].randomElement(using: &random) ?? 0
    descriptorLimit = random.oneIn(4) ? 12 : 1000
    seed = random.next()
    // What kernels answer now and then; ESTALE is not among it, for it is never said of a file
    // that lives.
    let possible = [
      Fault(.makeHandle, .notSupported, .perMille(150)),
      Fault(.makeHandle, .overflow, .perMille(150)),
      Fault(.makeHandle, .noMemory, .perMille(50)), Fault(.openHandle, .noMemory, .perMille(50)),
      Fault(.openHandle, .tooManyOpenFiles, .perMille(50)),
      Fault(.status, .inputOutput, .perMille(30)),
      Fault(.open, .tooManyOpenFiles, .perMille(50)),
    ]
    faults = possible.filter { _ in random.oneIn(3) }
  }

  var description: String {
    "\(mode), \(pinLimit) pins, \(descriptorLimit) descriptors, faults "
      + faults.map { "\($0.call): \($0.errno)" }.joined(separator: ", ")
  }
}

/// The rule was broken.
struct BrokenRule: Error, CustomStringConvertible {
  var description: String
}

/// Runs a history against a node table and a model that knows the truth.
///
/// The truth is a tag that each file carries as its contents, never an open descriptor: that would
/// keep the file's inode number from being used again, which is what is to be tested.
struct HistoryRun {
  private static let nameCount = 8
  private let share: NodeFixture
  private let plan: FaultPlan
  private let setting: HistorySetting
  private let directory: NodeID
  private let memory: NamesMemory
  /// The tag of the file that has that name now.
  private var tags: [Int: Int] = [:]
  private var lastTag = 0
  /// What the guest knows.
  private var known: [NodeID: (tag: Int, lookups: UInt64)] = [:]
  private var nodes: [Int: NodeID] = [:]
  /// Which file was last seen with an inode number.
  private var owners: [UInt64: Int] = [:]
  /// How often a number was seen with another file than before.
  private(set) var reuseCount = 0

  init(_ setting: HistorySetting) throws {
    self.setting = setting
    share = try NodeFixture(
      setting.mode, descriptorLimit: setting.descriptorLimit, pinLimit: setting.pinLimit)
    try hostMakeDirectory(share.path("d"))
    plan = FaultPlan(setting.faults, seed: setting.seed)
    directory = try share.node("d")
    memory = NamesMemory(try SteadyNames(quietTime: quietTime(in: share.directory.path)))
  }

  mutating func run(_ steps: [HistoryStep]) throws {
    for step in steps { try run(step) }
    try checkCounts()
  }

  private func path(_ number: Int) -> String {
    share.path(number < 5 ? "n\(number)" : "d/n\(number)")
  }

  private mutating func run(_ step: HistoryStep) throws {
    let name = step.first % Self.nameCount
    let other = step.second % Self.nameCount
    switch step.kind {
    case .create: if tags[name] == nil { try create(name) }
    case .replace:
      if tags[name] != nil { try hostRemove(path(name)) }
      try create(name)
    case .unlink:
      if tags.removeValue(forKey: name) != nil { try hostRemove(path(name)) }
    case .rename:
      // Renaming one name of a file to another of it does nothing.
      guard let tag = tags[name], tags[other] != tag else { return }
      try hostRename(path(name), to: path(other))
      tags[name] = nil
      tags[other] = tag
    case .exchange:
      guard let tag = tags[name], let otherTag = tags[other] else { return }
      try hostExchange(path(name), path(other))
      tags[name] = otherTag
      tags[other] = tag
    case .link:
      guard let tag = tags[name], tags[other] == nil else { return }
      try hostLink(path(name), as: path(other))
      tags[other] = tag
    case .lookup:
      let parent = name < 5 ? .root : directory
      let memory = memory
      try meet(name) { (share) throws(Errno) in
        try withPathName("n\(name)") { (path) throws(Errno) in
          try share.nodes.lookup(path, in: parent, &memory.names)
        }
      }
    case .list: try list(step)
    case .claim:
      guard tags[name] != nil else { return }
      let file = try withPathName(path(name)) { (path) throws(Errno) in
        try Descriptor.currentDirectory.open(path, .readOnly)
      }
      try meet(name) { (share) throws(Errno) in try share.nodes.claim(file) }
    case .read: try read(step.first)
    case .status: try checkStatus(step.first)
    case .forget: forget(step)
    case .quiesce: share.quiesce()
    }
  }

  private mutating func create(_ name: Int) throws {
    lastTag += 1
    try hostWrite(path(name), "tag \(lastTag)")
    tags[name] = lastTag
  }

  /// The guest looks a file up.
  private mutating func meet(
    _ name: Int, _ body: (NodeFixture) throws(Errno) -> (NodeID, FileStatus)
  ) throws {
    let failures = plan.failureCount
    let share = share
    let node: NodeID
    let status: FileStatus
    do {
      (node, status) = try plan.whileActive { try body(share) }
    } catch let error as Errno {
      let isAbsent = tags[name] == nil && error == .noEntry
      guard isAbsent || isExcused(error, failures) else {
        throw BrokenRule(description: "name \(name) gives \(error)")
      }
      return
    }
    try know(name, node, status)
  }

  /// The guest is told that `name` is `node`.
  private mutating func know(_ name: Int, _ node: NodeID, _ status: FileStatus) throws {
    guard let tag = tags[name] else { throw BrokenRule(description: "name \(name) is not there") }
    if let other = nodes[tag], other != node {
      throw BrokenRule(description: "file \(tag) is node \(other.rawValue) and \(node.rawValue)")
    }
    if let other = known[node], other.tag != tag {
      throw BrokenRule(description: "node \(node.rawValue) is file \(other.tag) and \(tag)")
    }
    if let owner = owners.updateValue(tag, forKey: status.inode), owner != tag { reuseCount += 1 }
    nodes[tag] = node
    known[node, default: (tag, 0)].lookups += 1
  }

  /// The guest lists one of the two directories, and meanwhile the host may do something.
  private mutating func list(_ step: HistoryStep) throws {
    let names = step.first % 2 == 0 ? 0..<5 : 5..<Self.nameCount
    let parent = names.contains(0) ? .root : directory
    let file = try openDirectory(share.path(names.contains(0) ? "" : "d"))
    let (share, memory) = (share, memory)
    let steadiness = plan.whileActive {
      share.nodes.steadiness(of: parent, file.borrowed, &memory.names)
    }
    guard let steadiness else { return }
    let before = tags.filter { names.contains($0.key) }
    var found: [(Int, NodeID, FileStatus)] = []
    for name in names {
      let entry = try plan.whileActive {
        try withPathName("n\(name)") { (path) throws(Errno) in
          share.nodes.find(path, in: file.borrowed, steadiness, &memory.names)
        }
      }
      if let entry { found.append((name, entry.0, entry.1)) }
      guard step.second % 16 == name else { continue }
      let kinds: [HistoryStep.Kind] = [.replace, .unlink, .rename, .exchange, .link, .create]
      let kind = kinds[step.first / 2 % kinds.count]
      try run(HistoryStep(kind: kind, first: step.first / 12, second: step.second / 16))
    }
    let holds = plan.whileActive {
      share.nodes.confirm(&memory.names, of: parent, file.borrowed, steadiness)
    }
    let after = tags.filter { names.contains($0.key) }
    // What stood on pins alone holds whatever the host did.
    guard holds else { return }
    for (name, node, status) in found where before[name] == after[name] {
      try know(name, node, status)
    }
    for (name, node, _) in found where before[name] != after[name] {
      guard known[node] != nil else {
        throw BrokenRule(description: "name \(name) changed while node \(node.rawValue) was found")
      }
      share.nodes.forget(node, lookups: 1)
    }
  }

  /// The guest reads a file that it knows.
  private func read(_ number: Int) throws {
    guard let (node, tag) = pick(number) else { return }
    let failures = plan.failureCount
    do {
      let text = try plan.whileActive { try share.contents(node) }
      guard text == "tag \(tag)" else {
        throw BrokenRule(description: "node \(node.rawValue), file \(tag), reads as '\(text)'")
      }
    } catch let error as Errno {
      try checkLoss(of: tag, error, failures)
    }
  }

  private func checkStatus(_ number: Int) throws {
    guard let (node, tag) = pick(number) else { return }
    let failures = plan.failureCount
    do {
      let status = try plan.whileActive { try share.status(node) }
      let names = tags.values.count { $0 == tag }
      guard status.linkCount == UInt32(names) else {
        throw BrokenRule(description: "node \(node.rawValue) has \(status.linkCount) names")
      }
    } catch let error as Errno {
      try checkLoss(of: tag, error, failures)
    }
  }

  /// A node may be stale only if its file is gone.
  private func checkLoss(of tag: Int, _ error: Errno, _ failures: Int) throws {
    let isGone = !tags.values.contains(tag)
    guard (isGone && error == .stale) || isExcused(error, failures) else {
      throw BrokenRule(description: "file \(tag), which is there, gives \(error)")
    }
  }

  /// Whether a call may fail with `error`, which says nothing about the file.
  private func isExcused(_ error: Errno, _ failures: Int) -> Bool {
    plan.failureCount > failures || (error == .tableFull && setting.descriptorLimit < 100)
      // The host itself, when many build and test at once.
      || error == .noMemory
  }

  private func pick(_ number: Int) -> (NodeID, Int)? {
    guard !known.isEmpty else { return nil }
    let node = known.keys.sorted { $0.rawValue < $1.rawValue }[number % known.count]
    return known[node].map { (node, $0.tag) }
  }

  private mutating func forget(_ step: HistoryStep) {
    guard let (node, tag) = pick(step.first), let entry = known[node] else { return }
    let count = step.second % 3 == 0 ? entry.lookups : min(1, entry.lookups)
    share.nodes.forget(node, lookups: count)
    if count == entry.lookups {
      known[node] = nil
      nodes[tag] = nil
    } else {
      known[node]?.lookups -= count
    }
  }

  /// There are just the nodes that the guest knows, and afterwards none.
  private mutating func checkCounts() throws {
    guard share.nodes.count == known.count + 2 else {
      throw BrokenRule(description: "\(share.nodes.count) nodes where \(known.count + 2) are known")
    }
    for (node, entry) in known { share.nodes.forget(node, lookups: entry.lookups) }
    share.nodes.forget(directory, lookups: 1)
    share.quiesce()
    share.quiesce()
    let held = share.descriptors.used
    // The root's pin, and what opens handles.
    guard share.nodes.count == 1, held <= 2 else {
      throw BrokenRule(description: "\(share.nodes.count) nodes and \(held) descriptors are left")
    }
  }
}

/// What a history's thread remembers of directories.
final class NamesMemory {
  var names: SteadyNames

  init(_ names: consuming SteadyNames) {
    self.names = names
  }
}

/// How long a directory must have been quiet for one thread that makes changes and looks.
///
/// Where the kernel gives each change that follows a look a time of its own (6.13) not at all, else
/// until its clock has ticked.
func quietTime(in directory: String) throws -> Int64 {
  let file = try openDirectory(directory)
  for number in 0..<20 {
    let before = try file.borrowed.status().changeTime
    try hostWrite("\(directory)/probe-\(number)", "")
    let after = try file.borrowed.status().changeTime
    try hostRemove("\(directory)/probe-\(number)")
    if before == after { return 0 }
  }
  return -1_000_000_000
}
