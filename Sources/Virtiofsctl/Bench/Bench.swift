internal import Linux

/// Rounds of workloads, with progress.
struct Bench {
  let settings: BenchSettings
  let files: BenchFiles
  let interruption: Interruption
  private var progress: Progress

  init(settings: BenchSettings, files: BenchFiles, interruption: Interruption) {
    self.settings = settings
    self.files = files
    self.interruption = interruption
    progress = Progress(isQuiet: settings.isQuiet)
  }

  /// Measures one workload with sessions in turn; `series` has one for each session.
  ///
  /// With one session its failure is thrown. With several it is noted, and the rest goes on.
  ///
  /// - Throws: A failure that ends the whole run: that of a lone session, or the user's.
  mutating func measure(
    _ workload: Workload, rounds: Int, _ sessions: [BenchSession], _ series: [Series]
  ) throws(ToolError) -> Measurement {
    try makeFiles(workload)
    var series = series
    let isAlone = sessions.count == 1
    for (index, session) in sessions.enumerated() {
      show("\(workload.name): preparing \(session.name)")
      try attempt(&series[index], isAlone: isAlone) { (_) throws(ToolError) in
        try interruption.check()
        try session.prepare(workload)
      }
      series[index].note = session.note
    }
    let count = workload.isOneRound ? 1 : rounds
    for round in 0..<count {
      // Forwards and backwards in turn: nobody always comes after the same one.
      let order = Array(sessions.enumerated())
      for (index, session) in round.isMultiple(of: 2) ? order : order.reversed()
      where series[index].failure == nil {
        show("\(workload.name): round \(round + 1) of \(count), \(session.name)")
        try attempt(&series[index], isAlone: isAlone) { (one) throws(ToolError) in
          one.samples.append(try session.round())
        }
      }
    }
    return Measurement(workload: workload, series: series)
  }

  /// Makes what the workload needs on the host.
  mutating func makeFiles(_ workload: Workload) throws(ToolError) {
    show("\(workload.name): making files")
    let interruption = interruption
    try BenchSession.makeFiles(for: workload, files) { () throws(ToolError) in
      try interruption.check()
    }
  }

  /// Takes the progress away.
  mutating func end() {
    progress.end()
  }

  private mutating func show(_ text: String) {
    progress.show { text }
  }

  private func attempt(
    _ series: inout Series, isAlone: Bool, _ body: (inout Series) throws(ToolError) -> Void
  ) throws(ToolError) {
    do throws(ToolError) {
      try body(&series)
    } catch {
      try interruption.check()
      if isAlone || error == .failure("interrupted") { throw error }
      series.failure = error.message
      series.failureCode = error.exitCode
    }
  }

  /// - Throws: Exit code 1 with the first fault if any operation failed or any data was wrong, 2 if
  ///   a back-end could not be measured.
  static func judge(_ measurements: [Measurement]) throws(ToolError) {
    for measurement in measurements {
      for series in measurement.series {
        let place = "\(measurement.workload.name): \(series.name)"
        for sample in series.samples where sample.result.wrongDataCount > 0 {
          throw ToolError(
            message: "\(place) gave wrong data at offset \(sample.result.firstWrongOffset)",
            exitCode: 1)
        }
        for sample in series.samples where sample.result.errorCount > 0 {
          let code = Errno(rawValue: sample.result.firstError)
          throw ToolError(
            message: "\(place) failed \(series.errorCount) operations, the first with: \(code)",
            exitCode: 1)
        }
        if let failure = series.failure, let code = series.failureCode {
          throw ToolError(message: "\(place) could not be measured: \(failure)", exitCode: code)
        }
      }
    }
  }
}
