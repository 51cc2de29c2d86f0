/// How a bench is run, whatever the workload.
struct BenchSettings: Sendable {
  /// How long a round is, in nanoseconds.
  var roundNanoseconds = 500_000_000
  /// How many operations on each queue make a round; nothing to go by the time.
  var operationCount: Int?
  /// How long the front-end drives before it measures, in nanoseconds.
  var warmUpNanoseconds = 50_000_000
  /// After how many seconds without a reply a back-end is given up.
  var timeoutSeconds = 10
  /// How long data files are, in bytes.
  var dataByteCount = 128 << 20
  /// How many entries the rings have.
  var queueSize = 1024
  /// Which processors the front-end's threads run on; nothing to leave that to the kernel.
  var frontEndProcessors: [Int]?
  /// The same for daemons that we start.
  var daemonProcessors: [Int]?
  /// Whether progress stays untold.
  var isQuiet = false
}

/// One round of one back-end.
struct Sample: Sendable {
  var result = DriveResult()
  /// CPU time of the back-end; nothing if its processes are not to be seen.
  var cpuNanoseconds: Int?
  var voluntarySwitchCount: Int?
  /// How resident anonymous memory and descriptors have grown.
  var anonymousGrowth: Int?
  var descriptorGrowth: Int?
  /// What they are in the end, and resident memory in all.
  var anonymousByteCount: Int?
  var residentByteCount: Int?
  var descriptorCount: Int?
  /// Whether operations that are not counted as units ran beside those that are.
  var hasBackground = false

  /// Units a second.
  var rate: Double {
    result.nanoseconds == 0 ? 0 : Double(result.unitCount) * 1e9 / Double(result.nanoseconds)
  }

  /// Operations of the background a second.
  var backgroundRate: Double? {
    guard hasBackground, result.nanoseconds > 0 else { return nil }
    return Double(result.backgroundCount) * 1e9 / Double(result.nanoseconds)
  }

  /// `count` for each unit; nothing if there was none, or if other operations had a part in it.
  func perUnit(_ count: Int?) -> Double? {
    guard let count, result.unitCount > 0, !hasBackground else { return nil }
    return Double(count) / Double(result.unitCount)
  }

  /// CPU time for each unit, in nanoseconds.
  var cpuPerUnit: Double? { perUnit(cpuNanoseconds) }
}
