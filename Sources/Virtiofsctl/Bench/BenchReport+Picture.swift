/// The ratios as a picture.
extension BenchReport {
  private struct Row {
    var workload: String
    var other: String
    var ratios: [Spread?]
  }

  private struct Panel {
    var metric: Metric
    var title: String
  }

  /// Bars for each workload and each other back-end: throughput, median latency, CPU time. A line
  /// over each bar reaches from the least to the greatest round; 1 is where they are equal.
  var picture: String {
    let panels = [
      Panel(metric: .rate, title: "throughput (more is better)"),
      Panel(metric: .p50, title: "median latency (less is better)"),
      Panel(metric: .cpu, title: "CPU per operation (less is better)"),
    ]
    let rows = self.rows(panels.map(\.metric))
    let (rowHeight, top, labelWidth, panelWidth) = (18.0, 60.0, 330.0, 260.0)
    var picture = Picture(
      width: labelWidth + Double(panels.count) * panelWidth + 20,
      height: top + Double(rows.count) * rowHeight + 20)
    picture.text(
      "\(base ?? "") in relation to the others: its figure divided by theirs", x: 10, y: 22,
      size: 15)
    for (index, row) in rows.enumerated() {
      let y = top + Double(index) * rowHeight + 12
      picture.text("\(row.workload)  vs \(row.other)", x: 10, y: y, size: 11)
    }
    for (column, panel) in panels.enumerated() {
      let left = labelWidth + Double(column) * panelWidth
      draw(
        rows.map { $0.ratios[column] }, panel, on: &picture, left: left,
        width: panelWidth - 60, top: top, rowHeight: rowHeight)
    }
    return picture.svg
  }

  private func draw(
    _ ratios: [Spread?], _ panel: Panel, on picture: inout Picture, left: Double, width: Double,
    top: Double, rowHeight: Double
  ) {
    // Beyond four all bars are long enough.
    let greatest = 4.0
    let scale = { (ratio: Double) in min(ratio, greatest) / greatest * width }
    picture.text(panel.title, x: left, y: top - 12, size: 11)
    for (index, ratio) in ratios.enumerated() {
      guard let ratio else { continue }
      let y = top + Double(index) * rowHeight
      let isBetter = panel.metric == .rate ? ratio.median >= 1 : ratio.median <= 1
      picture.rectangle(
        x: left, y: y + 2, width: scale(ratio.median), height: rowHeight - 6,
        fill: isBetter ? "#4a9d5b" : "#c8553d", title: ratio.text)
      let middle = y + rowHeight / 2 - 1
      picture.line(
        from: (left + scale(ratio.least), middle), to: (left + scale(ratio.greatest), middle),
        stroke: "#222222")
      picture.text(
        Quantities.fixed(ratio.median, ratio.median < 0.1 ? 3 : 2),
        x: left + scale(max(ratio.median, ratio.greatest)) + 4, y: y + 12, size: 10)
    }
    let height = Double(ratios.count) * rowHeight
    picture.line(
      from: (left + scale(1), top), to: (left + scale(1), top + height), stroke: "#888888")
  }

  private func rows(_ metrics: [Metric]) -> [Row] {
    measurements.flatMap { measurement -> [Row] in
      guard let base = measurement.series.first(where: { $0.name == base }),
        !base.samples.isEmpty, measurement.workload.base != .idle
      else { return [] }
      return measurement.series.filter { $0.name != base.name && !$0.samples.isEmpty }.map {
        other in
        Row(
          workload: measurement.workload.name, other: other.name,
          ratios: metrics.map { $0.ratio(of: base.samples, to: other.samples) })
      }
    }
  }
}
