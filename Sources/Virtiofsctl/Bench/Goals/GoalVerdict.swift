/// What the rounds say of a goal.
struct GoalVerdict: Equatable, Sendable {
  /// How it ended.
  enum Outcome: Equatable, Sendable {
    case aim, must, missed
    /// Why it cannot be said.
    case unmeasured(String)
  }

  var goal: Goal
  /// Against whom, for people: the rival, and which of several it was.
  var rival = ""
  /// What was measured, for people.
  var text = "-"
  var outcome: Outcome

  /// Whether the goal holds.
  var holds: Bool { outcome == .aim || outcome == .must }

  /// Answers `goal` from what was measured with it.
  init(_ goal: Goal, _ measurements: [Measurement]) {
    self.goal = goal
    outcome = .unmeasured("not measured")
    if goal.question == .withoutPolling {
      judgeWithoutPolling(measurements)
      return
    }
    guard let measurement = measurements.first(where: { $0.workload.name == goal.workload })
    else { return }
    switch goal.question {
    case .ratio(let metric, let rival): judge(metric, rival, measurement)
    case .value(let property): judge(property, measurement)
    case .withoutPolling: break
    }
  }

  private mutating func judge(_ metric: Metric, _ rival: Rival, _ measurement: Measurement) {
    self.rival = rival.title
    switch WorstRatio.find(metric, of: goal.subject, to: rival, in: measurement) {
    case .failure(let reason): outcome = .unmeasured(reason.text)
    case .success(let worst):
      if rival.names.count > 1 { self.rival += ": \(worst.peer)" }
      text = worst.spread.text
      outcome = judge(worst.spread.median, isMoreBetter: metric.isMoreBetter)
    }
  }

  private mutating func judge(_ property: Property, _ measurement: Measurement) {
    guard let ours = measurement.series.first(where: { $0.name == goal.subject }),
      let value = property.value(of: ours)
    else { return }
    text = property.text(value)
    outcome = judge(value / property.scale, isMoreBetter: false)
  }

  /// Looks at every ratio to peers as time: how long ours takes for what the better peer does.
  private mutating func judgeWithoutPolling(_ measurements: [Measurement]) {
    var worst: (time: Double, text: String)?
    for goal in Goal.besidePeers {
      guard case .ratio(let metric, let rival) = goal.question,
        let measurement = measurements.first(where: { $0.workload.name == goal.workload })
      else { continue }
      switch WorstRatio.find(metric, of: Goal.withoutPolling, to: rival, in: measurement) {
      case .failure(let reason):
        outcome = .unmeasured(reason.text)
        return
      case .success(let ratio):
        let time = metric.isMoreBetter ? 1 / ratio.spread.median : ratio.spread.median
        guard time > worst?.time ?? 0 else { continue }
        worst = (time, "\(ratio.peer), \(goal.workload)")
      }
    }
    guard let worst else { return }
    rival = worst.text
    text = Quantities.fixed(worst.time, 2)
    outcome = judge(worst.time, isMoreBetter: false)
  }

  private func judge(_ value: Double, isMoreBetter: Bool) -> Outcome {
    let reaches = { (bound: Double) in isMoreBetter ? value >= bound : value <= bound }
    return reaches(goal.aim) ? .aim : reaches(goal.must) ? .must : .missed
  }
}

/// The ratio to that one of several rivals beside which a back-end looks worst.
struct WorstRatio {
  var peer: String
  var spread: Spread

  /// Why there is none.
  struct Absence: Error {
    var text: String
  }

  /// Compares; every rival must have been measured, so that none is beaten by its absence.
  static func find(
    _ metric: Metric, of base: String, to rival: Rival, in measurement: Measurement
  ) -> Result<WorstRatio, Absence> {
    var worst: WorstRatio?
    guard let ours = measurement.series.first(where: { $0.name == base }) else {
      return .failure(Absence(text: "\(base) was not there"))
    }
    if let failure = ours.failure { return .failure(Absence(text: "\(base): \(failure)")) }
    for name in rival.names {
      guard let other = measurement.series.first(where: { $0.name == name }) else {
        return .failure(Absence(text: "\(name) was not there"))
      }
      if let failure = other.failure { return .failure(Absence(text: "\(name): \(failure)")) }
      guard let spread = metric.ratio(of: ours.samples, to: other.samples) else {
        return .failure(Absence(text: "no \(metric.rawValue) of \(base) and \(name)"))
      }
      let isWorse = worst.map {
        metric.isMoreBetter ? spread.median < $0.spread.median : spread.median > $0.spread.median
      }
      if isWorse != false { worst = WorstRatio(peer: name, spread: spread) }
    }
    guard let worst else { return .failure(Absence(text: "there is nobody to compare with")) }
    return .success(worst)
  }
}
