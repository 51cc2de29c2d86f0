internal import ArgumentParser
internal import Linux

/// `virtiofsctl bench goals`.
struct BenchGoalsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "goals",
    abstract: "Measure what our daemon must reach, and say whether it does.",
    discussion: """
      Compares our daemon with \(Rival.betterPeer.names.joined(separator: ", ")) and with itself \
      without polling, as 'bench compare' does, then alone, on one processor with the front-end, \
      and recording requests, and ends with a table: for each goal the median ratio (least and \
      greatest), the bounds, and which of them holds. Where several peers count, the best of them \
      does.

      Exit codes: 0 if every goal holds; 1 if one is missed or an operation failed; 2 if one could \
      not be measured; 64 for a wrong command line.
      """)

  @OptionGroup var place: BenchPlace

  @OptionGroup var options: BenchOptions

  @Argument(
    help: ArgumentHelp(
      "Only goals whose workload begins so. Default: all.", valueName: "workload"))
  var workloads: [String] = []

  mutating func run() throws {
    let settings = try options.settings(threadCount: 1)
    var onOneProcessor = settings
    onOneProcessor.frontEndProcessors = [Processors.allowed[0]]
    onOneProcessor.daemonProcessors = onOneProcessor.frontEndProcessors
    let peers = [Goal.ours, Goal.withoutPolling] + Rival.betterPeer.names
    var measurements: [Measurement] = []
    var verdicts: [GoalVerdict] = []
    for (goals, backends, settings) in [
      (Goal.besidePeers, peers, settings), (Goal.alone, [Goal.ours], settings),
      (Goal.onOneProcessor, [Goal.ours, Goal.withoutPolling], onOneProcessor),
      (Goal.recorded, [Goal.ours, Goal.recording], settings),
    ] {
      let chosen = goals.filter(isChosen)
      guard !chosen.isEmpty else { continue }
      let measured = try measure(
        chosen, backends, settings, isFirst: measurements.isEmpty)
      measurements += measured
      verdicts += chosen.map { GoalVerdict($0, measured) }
    }
    guard !verdicts.isEmpty else { throw ToolError.usage("no goal has such a workload") }
    try write(GoalReport(verdicts: verdicts), measurements)
    let besidePeers = measurements.filter { $0.series.count > 2 }
    try options.writePicture(of: BenchReport(measurements: besidePeers, base: Goal.ours))
    try Bench.judge(measurements)
    try judge(verdicts)
  }

  private func isChosen(_ goal: Goal) -> Bool {
    workloads.isEmpty || workloads.contains { goal.workload.hasPrefix($0) }
  }

  /// Measures each workload of `goals` once.
  private func measure(
    _ goals: [Goal], _ backends: [String], _ settings: BenchSettings, isFirst: Bool
  ) throws -> [Measurement] {
    var templates: [DaemonTemplate] = []
    for name in backends { templates.append(try DaemonTemplate.parse(name)) }
    var comparison = try Comparison(
      templates: templates, directory: place.directory, rounds: options.rounds, settings: settings)
    defer { comparison.cleanUp() }
    var measurements: [Measurement] = []
    for goal in goals
    where goal.question != .withoutPolling
      && !measurements.contains(where: { $0.workload.name == goal.workload })
    {
      let measurement = try comparison.measure(try WorkloadCatalog.parse(goal.workload))
      try options.write(measurement, base: Goal.ours, isFirst: isFirst && measurements.isEmpty)
      measurements.append(measurement)
    }
    return measurements
  }

  private func write(_ report: GoalReport, _ measurements: [Measurement]) throws(ToolError) {
    guard options.json else { return try options.write("\n" + report.text) }
    let rounds = BenchReport(measurements: measurements, base: Goal.ours)
    let all = JSON.object([("goals", report.json), ("rounds", rounds.json)])
    try options.write(all.text + "\n")
  }

  private func judge(_ verdicts: [GoalVerdict]) throws(ToolError) {
    let missed = verdicts.count { $0.outcome == .missed }
    if missed > 0 {
      throw ToolError(message: "\(missed) of \(verdicts.count) goals are missed", exitCode: 1)
    }
    let unmeasured = verdicts.count { !$0.holds }
    if unmeasured > 0 {
      throw .failure("\(unmeasured) of \(verdicts.count) goals could not be measured")
    }
  }
}
