/// The results as tables for people.
struct BenchReport {
  let measurements: [Measurement]
  /// Whose figures are divided by the others'; nothing if there is one back-end only.
  let base: String?

  /// The table of one workload.
  func table(_ measurement: Measurement) -> String {
    let workload = measurement.workload
    let unit = workload.unit
    var columns: [(title: String, alignment: TextTable.Alignment)] = [
      ("back-end", .left), (workload.rateTitle, .right),
    ]
    let hasBytes = workload.bytesPerUnit > 0
    if hasBytes { columns.append(("MB/s", .right)) }
    if workload.hasBackground { columns.append(("background/s", .right)) }
    columns += [
      ("p50", .right), ("p99", .right), ("p99.9", .right), ("CPU/\(unit)", .right),
      ("kicks", .right), ("calls", .right), ("sleeps", .right), ("errors", .right),
    ]
    if workload.base == .idle {
      columns = [
        ("back-end", .left), ("start", .right), ("wake-ups/s", .right), ("CPU", .right),
        ("anonymous", .right), ("resident", .right), ("descriptors", .right),
      ]
    }
    if workload.base == .inodes {
      columns += [("bytes/inode", .right), ("descriptors/1000", .right)]
    }
    let isCompared = base != nil && measurement.series.count > 1 && workload.base != .idle
    if isCompared, let base {
      columns += [
        ("\(base)/this: \(workload.rateTitle)", .right), ("p50", .right), ("CPU", .right),
      ]
    }
    var table = TextTable(columns)
    var notes = ""
    for series in measurement.series {
      if let failure = series.failure { notes += "  \(series.name): \(failure)\n" }
      if let note = series.note { notes += "  \(series.name): \(note)\n" }
      guard !series.samples.isEmpty else { continue }
      var cells = workload.base == .idle ? idleCells(series) : cells(series, workload)
      if isCompared { cells += ratioCells(series, measurement) }
      table.append(cells)
    }
    let rounds = measurement.series.map(\.samples.count).max() ?? 0
    let heading = "\(workload.name): depth \(workload.depth), \(rounds) "
    return heading + (rounds == 1 ? "round\n" : "rounds\n") + table.text + notes
  }

  private func cells(_ series: Series, _ workload: Workload) -> [String] {
    let rate = series.median(\.rate) ?? 0
    var cells = [series.name, number(rate)]
    if workload.bytesPerUnit > 0 {
      cells.append(Quantities.fixed(rate * Double(workload.bytesPerUnit) / 1e6, 0))
    }
    if workload.hasBackground { cells.append(number(series.median(\.backgroundRate) ?? 0)) }
    cells += [
      time(series.median { $0.result.latencies.p50 }),
      time(series.median { $0.result.latencies.p99 }),
      time(series.median { $0.result.latencies.p999 }),
      time(series.median { $0.cpuPerUnit }),
      perUnit(series.median { $0.perUnit($0.result.kickCount) }),
      perUnit(series.median { $0.perUnit($0.result.callCount) }),
      perUnit(series.median { $0.perUnit($0.voluntarySwitchCount) }),
      Quantities.count(series.errorCount + series.wrongDataCount),
    ]
    if workload.base == .inodes {
      cells += [
        perUnit(series.median { $0.perUnit($0.anonymousGrowth) }, places: 0),
        perUnit(series.median { $0.perUnit($0.descriptorGrowth) }.map { $0 * 1000 }, places: 0),
      ]
    }
    return cells
  }

  private func idleCells(_ series: Series) -> [String] {
    [
      series.name, time(series.startNanoseconds.map(Double.init)),
      perUnit(series.median(BenchReport.wakeUpRate), places: 1),
      time(series.median { $0.cpuNanoseconds.map(Double.init) }),
      bytes(series.median { $0.anonymousByteCount.map(Double.init) }),
      bytes(series.median { $0.residentByteCount.map(Double.init) }),
      perUnit(series.median { $0.descriptorCount.map(Double.init) }, places: 0),
    ]
  }

  private func ratioCells(_ series: Series, _ measurement: Measurement) -> [String] {
    guard let base = measurement.series.first(where: { $0.name == base }), base.name != series.name
    else { return ["", "", ""] }
    return [Metric.rate, .p50, .cpu].map {
      $0.ratio(of: base.samples, to: series.samples)?.text ?? "-"
    }
  }

  /// How often a second a thread of an idle back-end went back to sleep.
  static func wakeUpRate(_ sample: Sample) -> Double? {
    sample.voluntarySwitchCount.map {
      Double($0) * 1e9 / Double(max(1, sample.result.nanoseconds))
    }
  }

  private func number(_ value: Double) -> String {
    value < 100 ? Quantities.fixed(value, 1) : Quantities.count(Int(value.rounded()))
  }

  private func time(_ value: Double?) -> String {
    value.map(Quantities.time) ?? "-"
  }

  private func bytes(_ value: Double?) -> String {
    value.map(Quantities.bytes) ?? "-"
  }

  private func perUnit(_ value: Double?, places: Int = 3) -> String {
    value.map { Quantities.fixed($0, places) } ?? "-"
  }
}
