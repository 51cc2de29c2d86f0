import FuseProtocol
import Frontend
import Linux
import TestSupport

/// A back-end on a share, a guest that uses it, and the truth about every file.
///
/// Each file carries a tag as its contents, by which it is known; nobody holds it open on the
/// host's side, so its inode number is free when it is removed.
struct ShareHistory {
  /// How a back-end broke the rule, and how often.
  struct Verdict: Equatable {
    /// One file was two nodes.
    var twoNodes = 0
    /// One node was two files.
    var twoFiles = 0
    /// A node led to the contents of another file.
    var wrongContents = 0
    /// A file that is there could not be looked up or read.
    var lost = 0
    /// What was lost first, and by which step.
    var firstLoss: String?
    /// How often an inode number was seen with another file than before.
    var reused = 0

    var isClean: Bool { twoNodes + twoFiles + wrongContents + lost == 0 }

    mutating func lose(_ what: @autoclosure () -> String) {
      lost += 1
      if firstLoss == nil { firstLoss = what() }
    }
  }

  private let share: String
  private let client: FuseClient
  /// The directory `share`, once for each mount through which the guest sees it, and `d` in it.
  private let roots: [NodeID]
  private let directories: [NodeID]
  private let nameCount = 8
  /// Whether a file is one node through all of them.
  var isUnified = false
  /// Whether the host gives files several names.
  var hasLinks = true
  /// Takes the files from the host's cache, now and then.
  var dropCache: (() throws -> Void)?
  private var tags: [Int: Int] = [:]
  /// What is in the files that were there before.
  private var texts: [Int: String] = [:]
  /// What the directory of the last names is called now.
  private var directoryName = "d"
  private var lastTag = 0
  private var known: [NodeID: (file: SeenFile, lookups: UInt64)] = [:]
  private var nodes: [SeenFile: NodeID] = [:]
  private var owners: [UInt64: Int] = [:]
  private var step = 0
  private(set) var verdict = Verdict()

  /// What the guest is to know as one node.
  private struct SeenFile: Hashable {
    var tag: Int
    /// The number of the mount, 0 if they are unified.
    var view: Int
  }

  /// A history in the directory `share`, which the guest of `client` sees as each of `roots`.
  ///
  /// Names that are there are taken for files of their own.
  init(share: String, client: FuseClient, roots: [NodeID] = [.root]) throws {
    self.share = share
    self.client = client
    self.roots = roots
    if !hostExists("\(share)/d") { try hostMakeDirectory("\(share)/d") }
    directories = try roots.map { try client.lookup("d", in: $0).node }
    for name in 0..<nameCount where hostExists(path(name)) {
      lastTag += 1
      tags[name] = lastTag
      texts[lastTag] = try hostReadText(path(name))
    }
  }

  /// Makes `count` random steps.
  mutating func run(_ count: Int, _ random: inout SeededRandom) throws {
    for _ in 0..<count {
      step += 1
      if let dropCache, random.oneIn(50) { try dropCache() }
      let name = Int.random(in: 0..<nameCount, using: &random)
      let other = Int.random(in: 0..<nameCount, using: &random)
      switch Int.random(in: 0..<15, using: &random) {
      case 0: try replace(name)
      case 1: if tags.removeValue(forKey: name) != nil { try hostRemove(path(name)) }
      case 2: try rename(name, to: other)
      case 3: try link(name, as: other)
      case 4...7: try lookUp(name, through: Int.random(in: roots.indices, using: &random))
      case 8...9: try read(&random)
      case 10: try change(name)
      case 11: try renameDirectory()
      case _: try forget(&random)
      }
    }
  }

  private func path(_ name: Int) -> String {
    name < 5 ? "\(share)/n\(name)" : "\(share)/\(directoryName)/n\(name)"
  }

  // MARK: The host

  private mutating func replace(_ name: Int) throws {
    if tags[name] != nil { try hostRemove(path(name)) }
    lastTag += 1
    try hostWrite(path(name), "tag \(lastTag)")
    tags[name] = lastTag
  }

  /// Changes the file, but for what it says.
  private func change(_ name: Int) throws {
    guard let tag = tags[name] else { return }
    try hostSetMode(path(name), 0o640)
    try hostWrite(path(name), text(of: tag))
  }

  private func text(of tag: Int) -> String { texts[tag] ?? "tag \(tag)" }

  private mutating func renameDirectory() throws {
    let newName = directoryName == "d" ? "e" : "d"
    try hostRename("\(share)/\(directoryName)", to: "\(share)/\(newName)")
    directoryName = newName
  }

  private mutating func rename(_ name: Int, to other: Int) throws {
    guard let tag = tags[name], tags[other] != tag else { return }
    try hostRename(path(name), to: path(other))
    tags[name] = nil
    tags[other] = tag
  }

  private mutating func link(_ name: Int, as other: Int) throws {
    guard hasLinks, let tag = tags[name], tags[other] == nil else { return }
    try hostLink(path(name), as: path(other))
    tags[other] = tag
  }

  // MARK: The guest

  private mutating func lookUp(_ name: Int, through view: Int) throws {
    let entry: EntryOut
    do {
      entry = try lookUpAgainIfStale(name, in: name < 5 ? roots[view] : directories[view])
    } catch .reply(let error) {
      if tags[name] != nil {
        verdict.lose("LOOKUP of n\(name), step \(step): \(error)")
      }
      return
    }
    guard let tag = tags[name] else { return verdict.twoFiles += 1 }
    if let owner = owners.updateValue(tag, forKey: entry.attr.ino), owner != tag {
      verdict.reused += 1
    }
    let file = SeenFile(tag: tag, view: isUnified ? 0 : view)
    if let other = nodes[file], other != entry.node { verdict.twoNodes += 1 }
    if let other = known[entry.node]?.file, other != file {
      verdict.twoFiles += 1
      nodes[other] = nil
      known[entry.node]?.file = file
    }
    nodes[file] = entry.node
    known[entry.node, default: (file, 0)].lookups += 1
  }

  /// ESTALE says: once more, and Linux does so.
  private func lookUpAgainIfStale(
    _ name: Int, in parent: NodeID
  ) throws(FrontEndError) -> EntryOut {
    do {
      return try client.lookup(NameBytes("n\(name)"), in: parent)
    } catch .reply(.stale) {
      return try client.lookup(NameBytes("n\(name)"), in: parent)
    }
  }

  private mutating func read(_ random: inout SeededRandom) throws {
    guard let (node, entry) = pick(&random) else { return }
    let isThere = tags.values.contains(entry.file.tag)
    do {
      let handle = try client.open(node).handle
      let text = try client.read(node, handle: handle, byteCount: 100)
      if String(decoding: text, as: UTF8.self) != self.text(of: entry.file.tag) {
        verdict.wrongContents += 1
      }
      try client.release(node, handle: handle)
    } catch .reply(let error) {
      if isThere { verdict.lose("READ of tag \(entry.file.tag), step \(step): \(error)") }
    }
  }

  private mutating func forget(_ random: inout SeededRandom) throws {
    guard let (node, entry) = pick(&random) else { return }
    let count = random.oneIn(2) ? entry.lookups : 1
    try client.forget(node, lookups: count)
    if count < entry.lookups {
      known[node]?.lookups -= count
    } else {
      known[node] = nil
      if nodes[entry.file] == node { nodes[entry.file] = nil }
    }
  }

  private func pick(
    _ random: inout SeededRandom
  ) -> (node: NodeID, entry: (file: SeenFile, lookups: UInt64))? {
    let sorted = known.keys.sorted { $0.rawValue < $1.rawValue }
    guard let node = sorted.randomElement(using: &random), let entry = known[node] else {
      return nil
    }
    return (node, entry)
  }
}
