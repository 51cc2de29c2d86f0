import Testing

@testable import Virtiofsctl

/// `bench goals`: what rounds say of what the daemon must reach.
@Suite struct GoalTests {
  private static let all = Goal.besidePeers + Goal.alone + Goal.onOneProcessor + Goal.recorded

  @Test func everyGoalIsOfAWorkloadAndOfBackendsThatThereAre() throws {
    for goal in Self.all where goal.question != .withoutPolling {
      #expect(try WorkloadCatalog.parse(goal.workload).name == goal.workload)
      guard case .ratio(_, let rival) = goal.question else { continue }
      for name in rival.names { #expect(try DaemonTemplate.parse(name).name == name) }
    }
  }

  @Test func noAimIsEasierThanItsBound() {
    for goal in Self.all {
      #expect(goal.isMoreBetter ? goal.aim >= goal.must : goal.aim <= goal.must)
    }
  }

  @Test(arguments: [(500, GoalVerdict.Outcome.aim), (400, .must), (200, .missed)])
  func aRateMustBeAtLeastItsBound(_ rate: Int, _ outcome: GoalVerdict.Outcome) throws {
    let goal = try goal("getattr:depth=1,wait=sleep")
    let rates = ["ours": rate, "c": 90, "rust": 100, "rust-pool64": 50]
    let verdict = GoalVerdict(goal, [try measured(goal.workload, rates)])
    #expect(verdict.outcome == outcome)
    #expect(verdict.rival == "better peer: rust")
  }

  @Test func processorTimeMustBeAtMostItsBound() throws {
    let goal = try goal("getattr")
    // Each back-end has a second of CPU time: twice the rate is half of it for each operation.
    let rates = ["ours": 210, "c": 100]
    #expect(GoalVerdict(goal, [try measured("getattr", rates)]).outcome == .must)
    #expect(
      GoalVerdict(goal, [try measured("getattr", ["ours": 190, "c": 100])]).outcome == .missed)
  }

  @Test(arguments: ["c", "rust", "rust-pool64", "ours"])
  func nobodyIsBeatenByHisAbsence(_ absent: String) throws {
    let goal = try goal("getattr:depth=1,wait=sleep")
    var rates = ["ours": 1000, "c": 1, "rust": 1, "rust-pool64": 1]
    rates[absent] = nil
    let verdict = GoalVerdict(goal, [try measured(goal.workload, rates)])
    #expect(verdict.outcome == .unmeasured("\(absent) was not there"))
    #expect(!verdict.holds)
  }

  @Test func aBackendThatFailedIsNamed() throws {
    let goal = try goal("getattr")
    var measurement = try measured("getattr", ["ours": 300, "c": 100])
    measurement.series = measurement.series.map {
      var series = $0
      if series.name == "c" { series.failure = "gone" }
      return series
    }
    #expect(GoalVerdict(goal, [measurement]).outcome == .unmeasured("c: gone"))
  }

  @Test func whatIsRecordedIsDividedByWhatIsNot() throws {
    let goal = try #require(Goal.recorded.first)
    let verdict = GoalVerdict(goal, [try measured("read-4k", ["ours": 100, "ours-traced": 90])])
    #expect(verdict.outcome == .must)
    #expect(verdict.text == "0.90")
  }

  @Test func withoutPollingTheWorstWorkloadCounts() throws {
    let goal = try #require(Goal.besidePeers.first { $0.question == .withoutPolling })
    let even = ["ours-poll0": 100, "c": 100, "rust": 100, "rust-pool64": 100]
    var slower = even
    slower["rust"] = 125
    let verdict = GoalVerdict(
      goal, [try measured("small-files", even), try measured("create", slower)])
    #expect(verdict.rival == "rust, create")
    #expect(verdict.text == "1.25")
    #expect(verdict.outcome == .missed)
    #expect(GoalVerdict(goal, [try measured("small-files", even)]).outcome == .aim)
    #expect(!GoalVerdict(goal, []).holds)
  }

  @Test func memoryIsInMillionsOfBytes() throws {
    let goal = try #require(Goal.alone.first { $0.question == .value(.residentBytes) })
    var measurement = try measured("idle", ["ours": 1])
    measurement.series[0].samples[0].residentByteCount = 9_000_000
    #expect(GoalVerdict(goal, [measurement]).outcome == .must)
    #expect(GoalVerdict(goal, [measurement]).text == "9.00")
    measurement.series[0].samples[0].residentByteCount = 9_000_001
    #expect(GoalVerdict(goal, [measurement]).outcome == .missed)
  }

  @Test func theTableSaysBoundsAndOutcome() throws {
    let goal = try goal("getattr")
    let report = GoalReport(verdicts: [
      GoalVerdict(goal, [try measured("getattr", ["ours": 400, "c": 100])]),
      GoalVerdict(goal, []),
    ])
    #expect(report.text.contains("getattr   CPU/op  C        0.25  <= 0.5  <= 0.38  aim\n"))
    #expect(report.text.contains("NOT MEASURED: not measured\n\n1 of 2 goals hold\n"))
  }

  private func goal(_ workload: String) throws -> Goal {
    try #require(Goal.besidePeers.first { $0.workload == workload })
  }

  /// One round of a second for each back-end, with so many operations and a second of CPU time.
  private func measured(_ workload: String, _ rates: [String: Int]) throws -> Measurement {
    let series = rates.sorted { $0.key < $1.key }.map { name, rate in
      var sample = Sample()
      sample.result.unitCount = rate
      sample.result.nanoseconds = 1_000_000_000
      sample.cpuNanoseconds = 1_000_000_000
      return Series(name: name, samples: [sample])
    }
    return Measurement(workload: try WorkloadCatalog.parse(workload), series: series)
  }
}
