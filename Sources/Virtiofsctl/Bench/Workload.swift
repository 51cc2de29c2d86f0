/// What is measured: an operation, how many at once, and how the front-end behaves.
struct Workload: Equatable, Sendable {
  /// What the operations are.
  enum Base: Sendable {
    case getattr, lookup, lookupNegative, lookupDistinct, open, getxattr
    case smallFiles, create, createKnown, readdirplus
    case read, write
    case besideReads, besideFsync
    case inodes, idle

    /// What can be set, by the keys' names.
    var keys: [Substring] {
      let all: [Substring] = ["depth", "queues", "think", "wait"]
      return switch self {
      case .getattr, .lookup, .lookupNegative, .open, .getxattr, .smallFiles: all
      case .read, .write, .besideReads, .besideFsync: all + ["block", "segment"]
      case .readdirplus: all + ["block", "count"]
      case .create: ["depth", "think", "wait"]
      case .createKnown, .lookupDistinct, .inodes: ["depth", "think", "wait", "count"]
      case .idle: ["queues"]
      }
    }
  }

  /// As it was asked for, with what differs from the catalog.
  var name: String
  var base: Base
  /// How many operations are under way at once, on each queue.
  var depth: Int
  /// The length of a READ, a WRITE, or the room for entries, in bytes.
  var blockByteCount = 4096
  /// At random, or one after another.
  var isRandom = false
  /// With O_DIRECT.
  var isDirect = false
  /// Out of the page cache before each round.
  var isCold = false
  /// How many names there are, or how many files stay known.
  var count = 10_000
  /// How many request queues, each with a thread.
  var queueCount = 1
  /// Between a reply and the next request, in nanoseconds.
  var thinkNanoseconds = 0
  /// Whether the front-end sleeps until it is called.
  var isSleeping = false
  /// Into what pieces data is cut, in bytes.
  var segmentByteCount = 4096

  /// What is counted, for the titles of columns: one of them.
  var unit: String {
    switch base {
    case .smallFiles, .create, .createKnown: "file"
    case .readdirplus: "entry"
    case .getattr, .lookup, .lookupNegative, .lookupDistinct, .open, .getxattr, .read, .write,
      .besideReads, .besideFsync, .inodes, .idle:
      "op"
    }
  }

  /// How many of them a second.
  var rateTitle: String {
    switch unit {
    case "file": "files/s"
    case "entry": "entries/s"
    default: "op/s"
    }
  }

  /// How many bytes of files a unit moves; 0 where that is not what is measured.
  var bytesPerUnit: Int {
    switch base {
    case .read, .write, .besideFsync: blockByteCount
    case .getattr, .lookup, .lookupNegative, .lookupDistinct, .open, .getxattr, .smallFiles,
      .create, .createKnown, .readdirplus, .besideReads, .inodes, .idle:
      0
    }
  }

  /// Whether one round says all: a second one would find everything known.
  var isOneRound: Bool { base == .inodes }

  /// Whether operations that are not counted run beside those that are.
  var hasBackground: Bool { base == .besideReads || base == .besideFsync }
}

/// The workloads by name.
enum WorkloadCatalog {
  /// A workload and what it is, in a line.
  struct Entry: Sendable {
    var workload: Workload
    var summary: String
  }

  /// All of them, in the order of the help.
  static let entries: [Entry] = metadata + data + special

  private static let metadata: [Entry] = [
    entry("getattr", .getattr, 32, "GETATTR of known files"),
    entry("lookup", .lookup, 32, "LOOKUP of known names"),
    entry("lookup-negative", .lookupNegative, 32, "LOOKUP of names that do not exist"),
    entry("lookup-distinct", .lookupDistinct, 32, "LOOKUP of unknown files, and FORGET"),
    entry("open", .open, 16, "OPEN and RELEASE"),
    entry("getxattr", .getxattr, 32, "GETXATTR of an attribute that is not there"),
    entry("small-files", .smallFiles, 16, "LOOKUP, OPEN, READ 4 KiB, FLUSH, RELEASE"),
    entry("create", .create, 8, "CREATE, WRITE 4 KiB, FLUSH, RELEASE, UNLINK, FORGET"),
    entry(
      "create-known", .createKnown, 8, "the same while 10,000 unlinked files stay known (count)"),
    entry("readdirplus", .readdirplus, 1, "READDIRPLUS of 10,000 entries (count), 32 KiB a time") {
      $0.blockByteCount = 32768
    },
  ]

  private static let data: [Entry] = [
    dataEntry("read-4k", .read, 32, 4096, "READ of 4 KiB at random, cached", isRandom: true),
    dataEntry("read-128k", .read, 8, 131_072, "READ of 128 KiB in order, cached"),
    dataEntry("read-1m", .read, 8, 1 << 20, "READ of 1 MiB in order, cached"),
    dataEntry("write-4k", .write, 32, 4096, "WRITE of 4 KiB at random", isRandom: true),
    dataEntry("write-128k", .write, 8, 131_072, "WRITE of 128 KiB in order"),
    dataEntry("write-1m", .write, 8, 1 << 20, "WRITE of 1 MiB in order"),
    dataEntry(
      "read-4k-direct", .read, 32, 4096, "READ of 4 KiB at random, O_DIRECT", isRandom: true
    ) { $0.isDirect = true },
    dataEntry(
      "write-4k-direct", .write, 32, 4096, "WRITE of 4 KiB at random, O_DIRECT", isRandom: true
    ) { $0.isDirect = true },
    dataEntry("read-1m-direct", .read, 8, 1 << 20, "READ of 1 MiB in order, O_DIRECT") {
      $0.isDirect = true
    },
    dataEntry(
      "read-4k-cold", .read, 32, 4096, "READ of 4 KiB at random, not cached", isRandom: true
    ) { $0.isCold = true },
    dataEntry("read-1m-cold", .read, 8, 1 << 20, "READ of 1 MiB in order, not cached") {
      $0.isCold = true
    },
  ]

  private static let special: [Entry] = [
    entry(
      "beside-reads", .besideReads, 16,
      "GETATTR beside READs of 1 MiB with O_DIRECT in all other slots"
    ) {
      $0.blockByteCount = 1 << 20
      $0.isDirect = true
    },
    entry("beside-fsync", .besideFsync, 32, "READs of 4 KiB beside WRITE of 1 MiB and FSYNC"),
    entry("inodes", .inodes, 32, "LOOKUP of 1,000,000 files (count) that stay known: memory") {
      $0.count = 1_000_000
    },
    entry("idle", .idle, 1, "nothing: wake-ups, memory, time to start"),
  ]

  /// What a name stands for, with what follows it: `NAME[:KEY=VALUE[,KEY=VALUE]...]`.
  ///
  /// - Throws: A usage error that names what is wrong.
  static func parse(_ text: String) throws(ToolError) -> Workload {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let entry = entries.first(where: { $0.workload.name == parts[0] }) else {
      let names = entries.map(\.workload.name).joined(separator: ", ")
      throw .usage("there is no workload '\(parts[0])'; there are \(names)")
    }
    var workload = entry.workload
    workload.name = text
    guard parts.count == 2 else { return workload }
    for pair in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, set(String(sides[0]), String(sides[1]), in: &workload) else {
        throw .usage(
          "'\(pair)' in '\(text)' is none of depth=1...512, block=BYTES, queues=1...8, "
            + "think=TIME, wait=spin|sleep, count=NUMBER, segment=BYTES")
      }
      guard workload.base.keys.contains(sides[0]) else {
        let keys = workload.base.keys.joined(separator: ", ")
        throw .usage("'\(parts[0])' has no \(sides[0]) to set, only \(keys)")
      }
    }
    return workload
  }

  private static func set(_ key: String, _ value: String, in workload: inout Workload) -> Bool {
    switch key {
    case "depth": return assign(UserQuantity.count(value, 1...512), to: &workload.depth)
    case "block":
      let block = UserQuantity.bytes(value, 4096...1 << 20)
      return block.map { $0 & 4095 == 0 } == true && assign(block, to: &workload.blockByteCount)
    case "queues": return assign(UserQuantity.count(value, 1...8), to: &workload.queueCount)
    case "think":
      return assign(UserQuantity.nanoseconds(value), to: &workload.thinkNanoseconds)
    case "count": return assign(UserQuantity.count(value, 1...10_000_000), to: &workload.count)
    case "segment":
      return assign(UserQuantity.bytes(value, 4096...1 << 20), to: &workload.segmentByteCount)
    case "wait":
      guard value == "spin" || value == "sleep" else { return false }
      workload.isSleeping = value == "sleep"
      return true
    default: return false
    }
  }

  private static func assign(_ value: Int?, to place: inout Int) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }

  private static func entry(
    _ name: String, _ base: Workload.Base, _ depth: Int, _ summary: String,
    _ change: (inout Workload) -> Void = { _ in }
  ) -> Entry {
    var workload = Workload(name: name, base: base, depth: depth)
    change(&workload)
    return Entry(workload: workload, summary: summary)
  }

  private static func dataEntry(
    _ name: String, _ base: Workload.Base, _ depth: Int, _ block: Int, _ summary: String,
    isRandom: Bool = false, _ change: (inout Workload) -> Void = { _ in }
  ) -> Entry {
    entry(name, base, depth, summary) {
      $0.blockByteCount = block
      $0.isRandom = isRandom
      change(&$0)
    }
  }
}

/// Numbers as users write them.
enum UserQuantity {
  /// A number in `range`.
  static func count(_ text: String, _ range: ClosedRange<Int>) -> Int? {
    guard let number = Int(text), range.contains(number) else { return nil }
    return number
  }

  /// Bytes, with `k`, `m` or `g` for units of 1024.
  static func bytes(_ text: String, _ range: ClosedRange<Int>) -> Int? {
    let units: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
    let unit = text.last.flatMap { units[Character($0.lowercased())] }
    guard let number = Int(unit == nil ? text[...] : text.dropLast()) else { return nil }
    let (product, overflows) = number.multipliedReportingOverflow(by: unit ?? 1)
    return !overflows && range.contains(product) ? product : nil
  }

  /// A time, with its unit: `ns`, `us`, `ms`, `s`; in nanoseconds, at most a minute.
  static func nanoseconds(_ text: String) -> Int? {
    for (unit, size) in [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)]
    where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number >= 0, number * size <= 6e10
      else { return nil }
      return Int(number * size)
    }
    return nil
  }
}
