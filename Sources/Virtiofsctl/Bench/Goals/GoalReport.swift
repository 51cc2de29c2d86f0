/// What became of the goals, as a table or for programs.
struct GoalReport {
  let verdicts: [GoalVerdict]

  /// The table, with a line in the end that counts.
  var text: String {
    var table = TextTable([
      ("workload", .left), ("figure", .left), ("against", .left), ("ours", .right),
      ("must", .right), ("aim", .right), ("outcome", .left),
    ])
    for verdict in verdicts {
      let goal = verdict.goal
      let sign = goal.isMoreBetter ? ">= " : "<= "
      table.append([
        goal.workload, goal.title, verdict.rival, verdict.text, sign + Self.bound(goal.must),
        sign + Self.bound(goal.aim), Self.outcome(verdict),
      ])
    }
    let count = verdicts.count(where: \.holds)
    return "\(table.text)\n\(count) of \(verdicts.count) goals hold\n"
  }

  /// An array of objects.
  var json: JSON {
    .array(
      verdicts.map { verdict in
        .object([
          ("workload", .string(verdict.goal.workload)), ("figure", .string(verdict.goal.title)),
          ("against", .string(verdict.rival)), ("ours", .string(verdict.text)),
          ("must", .number(verdict.goal.must)), ("aim", .number(verdict.goal.aim)),
          ("holds", .bool(verdict.holds)), ("outcome", .string(Self.outcome(verdict))),
        ])
      })
  }

  private static func outcome(_ verdict: GoalVerdict) -> String {
    switch verdict.outcome {
    case .aim: "aim"
    case .must: "must"
    case .missed: "MISSED"
    case .unmeasured(let reason): "NOT MEASURED: \(reason)"
    }
  }

  /// As few digits as it takes.
  private static func bound(_ value: Double) -> String {
    var places = 0
    var scale = 1.0
    while places < 6, (value * scale).rounded() / scale != value {
      places += 1
      scale *= 10
    }
    return Quantities.fixed(value, places)
  }
}

extension Goal {
  /// Whether the figure must be at least the bound, not at most.
  var isMoreBetter: Bool {
    switch question {
    case .ratio(let metric, to: _): metric.isMoreBetter
    case .value, .withoutPolling: false
    }
  }
}

extension Metric {
  /// Whether a greater value is the better one.
  var isMoreBetter: Bool { self == .rate }
}
