/// A line of what the daemon must reach: what is measured, and the bounds.
struct Goal: Equatable, Sendable {
  /// What is asked of the rounds.
  enum Question: Equatable, Sendable {
    /// The figure of `subject` divided by the rival's, in rounds side by side.
    case ratio(Metric, to: Rival)
    /// A figure of ours alone.
    case value(Property)
    /// The worst of all ratios to peers when ours does not poll.
    case withoutPolling
  }

  /// What it is for people, without the workload's name.
  var title: String
  /// What is measured, as `WorkloadCatalog` understands it.
  var workload: String
  var question: Question
  /// Whose figure it is.
  var subject = Goal.ours
  /// The bound that must hold, and the one that is wished for.
  var must: Double
  var aim: Double
}

/// Whom a ratio is to. Of several, the one that leaves us the worst ratio counts.
enum Rival: Equatable, Sendable {
  case betterPeer, c, rust
  /// The better peer of those that answer one request after the other.
  case poolZero
  case rustPool64
  /// Ours without polling.
  case pollingOff
  /// Ours as it is.
  case ours

  /// The back-ends' names, as `DaemonTemplate` has them.
  var names: [String] {
    switch self {
    case .betterPeer: ["c", "rust", "rust-pool64"]
    case .c: ["c"]
    case .rust: ["rust"]
    case .poolZero: ["c", "rust"]
    case .rustPool64: ["rust-pool64"]
    case .pollingOff: [Goal.withoutPolling]
    case .ours: [Goal.ours]
    }
  }

  /// What the table calls it.
  var title: String {
    switch self {
    case .betterPeer: "better peer"
    case .c: "C"
    case .rust: "Rust"
    case .poolZero: "pool 0"
    case .rustPool64: "Rust, pool 64"
    case .pollingOff: "polling off"
    case .ours: "not recorded"
    }
  }
}

/// A figure of one back-end; less of it is better.
enum Property: Sendable {
  case callsPerUnit, wakeUpsPerSecond, anonymousBytes, residentBytes, startNanoseconds
  case bytesPerInode

  /// The median over the rounds; nothing if it was not to be had.
  func value(of series: Series) -> Double? {
    switch self {
    case .callsPerUnit: series.median { $0.perUnit($0.result.callCount) }
    case .wakeUpsPerSecond: series.median(BenchReport.wakeUpRate)
    case .anonymousBytes: series.median { $0.anonymousByteCount.map(Double.init) }
    case .residentBytes: series.median { $0.residentByteCount.map(Double.init) }
    case .startNanoseconds: series.startNanoseconds.map(Double.init)
    case .bytesPerInode: series.median { $0.perUnit($0.anonymousGrowth) }
    }
  }

  /// The figure as the table has it, without its unit where the line's title says it.
  func text(_ value: Double) -> String {
    switch self {
    case .callsPerUnit: Quantities.fixed(value, 3)
    case .wakeUpsPerSecond: Quantities.fixed(value, 1)
    case .anonymousBytes, .residentBytes: Quantities.fixed(value / 1e6, 2)
    case .startNanoseconds: Quantities.fixed(value / 1e6, 1)
    case .bytesPerInode: Quantities.fixed(value, 0)
    }
  }

  /// How many of the figure's units are one of the bounds'.
  var scale: Double {
    switch self {
    case .callsPerUnit, .wakeUpsPerSecond, .bytesPerInode: 1
    case .anonymousBytes, .residentBytes, .startNanoseconds: 1e6
    }
  }
}

extension Goal {
  /// The back-end that everything is about, itself without polling, and recording requests.
  static let ours = "ours"
  static let withoutPolling = "ours-poll0"
  static let recording = "ours-traced"

  /// What is measured beside the peers.
  static let besidePeers: [Goal] = [
    ratio("front-end spins: p50", "getattr:depth=1", .p50, to: .betterPeer, 0.4, 0.3),
    ratio("20 us to think: p50", "getattr:depth=1,think=20us", .p50, to: .betterPeer, 0.06, 0.04),
    ratio("front-end asleep: op/s", "getattr:depth=1,wait=sleep", .rate, to: .betterPeer, 3, 4.5),
    ratio("CPU/op", "getattr", .cpu, to: .c, 0.5, 0.38),
    ratio("hit: CPU/op", "lookup", .cpu, to: .c, 0.4, 0.3),
    ratio("files/s", "small-files", .rate, to: .betterPeer, 1.6, 1.9),
    ratio("files/s", "create", .rate, to: .betterPeer, 1.2, 1.5),
    ratio("10,000 unlinked: files/s", "create-known", .rate, to: .betterPeer, 5, 8),
    ratio("10,000 entries: entries/s", "readdirplus", .rate, to: .betterPeer, 2, 3),
    ratio("cached: CPU/op", "read-4k", .cpu, to: .c, 0.65, 0.55),
    ratio("cached: CPU/op", "read-4k", .cpu, to: .rust, 0.55, 0.45),
    ratio("cached: CPU/op", "write-4k", .cpu, to: .c, 0.7, 0.62),
    ratio("cached: CPU/op", "write-4k", .cpu, to: .rust, 0.57, 0.5),
    ratio("cached: MB/s", "read-1m", .rate, to: .betterPeer, 0.98, 1.1),
    ratio("cached: MB/s", "write-1m", .rate, to: .betterPeer, 0.98, 1.1),
    ratio("op/s", "read-4k-direct", .rate, to: .poolZero, 4.5, 5.5),
    ratio("op/s", "read-4k-direct", .rate, to: .rustPool64, 1.3, 1.6),
    ratio("GETATTR beside them: p50", "beside-reads", .p50, to: .poolZero, 0.001, 0.0003),
    ratio("GETATTR beside them: p50", "beside-reads", .p50, to: .rustPool64, 0.3, 0.1),
    ratio("READs beside one: p99", "beside-fsync", .p99, to: .poolZero, 0.1, 0.02),
    ratio("front-end asleep: op/s", "read-4k:wait=sleep", .rate, to: .betterPeer, 1.5, 1.7),
    value("front-end asleep: calls/op", "read-4k:wait=sleep", .callsPerUnit, 0.1, 0.05),
    Goal(
      title: "polling off: time", workload: "all of these", question: .withoutPolling,
      must: 1.1, aim: 1),
  ]

  /// What is ours alone.
  static let alone: [Goal] = [
    value("wake-ups/s", "idle", .wakeUpsPerSecond, 0, 0),
    value("anonymous after INIT, MB", "idle", .anonymousBytes, 3, 1.5),
    value("resident after INIT, MB", "idle", .residentBytes, 9, 6),
    value("ready to accept, ms", "idle", .startNanoseconds, 10, 3),
    value("bytes/known inode", "inodes:count=100000", .bytesPerInode, 128, 96),
  ]

  /// What is measured with front-end and daemon on one processor.
  static let onOneProcessor: [Goal] = [
    ratio("one CPU: op/s", "getattr:depth=1,wait=sleep", .rate, to: .pollingOff, 0.9, 1),
    ratio("one CPU: op/s", "getattr:depth=1,think=20us,wait=sleep", .rate, to: .pollingOff, 0.9, 1),
    ratio("one CPU: op/s", "read-4k:wait=sleep", .rate, to: .pollingOff, 0.9, 1),
  ]

  /// What recording requests may cost.
  static let recorded: [Goal] = [
    Goal(
      title: "recorded: op/s", workload: "read-4k", question: .ratio(.rate, to: .ours),
      subject: recording, must: 0.85, aim: 0.95)
  ]

  private static func ratio(
    _ title: String, _ workload: String, _ metric: Metric, to rival: Rival, _ must: Double,
    _ aim: Double
  ) -> Goal {
    Goal(
      title: title, workload: workload, question: .ratio(metric, to: rival), must: must, aim: aim)
  }

  private static func value(
    _ title: String, _ workload: String, _ property: Property, _ must: Double, _ aim: Double
  ) -> Goal {
    Goal(title: title, workload: workload, question: .value(property), must: must, aim: aim)
  }
}
