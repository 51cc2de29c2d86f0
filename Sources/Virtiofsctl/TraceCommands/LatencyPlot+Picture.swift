extension LatencyPlot {
  /// Where the points lie in the picture, in pixels.
  private struct Frame {
    let left = 80.0
    let top = 50.0
    let width = 780.0
    let height = 460.0
    /// The logarithms of the latencies at the bottom and at the top.
    var lowest: Double
    var highest: Double
    /// How long the width is, in nanoseconds.
    var nanoseconds: Double

    func y(_ logarithm: Double) -> Double {
      top + height * (highest - logarithm) / (highest - lowest)
    }

    func x(_ time: Double) -> Double {
      left + width * time / nanoseconds
    }
  }

  /// More marks than this are not drawn; wider columns make them fewer.
  private static let mostMarks = 12_000

  /// The picture, as a file's contents.
  func svg(title: String) -> String {
    var picture = Picture(width: 1020, height: 580)
    picture.text("latency of requests: \(EscapedText.text(title))", x: 80, y: 24, size: 15)
    guard let low = cells.keys.map(\.row).min(), let high = cells.keys.map(\.row).max() else {
      picture.text("no request was answered", x: 470, y: 280, anchor: .middle)
      return picture.svg
    }
    let columns = (cells.keys.map(\.column).max() ?? 0) + 1
    let frame = Frame(
      lowest: Self.decade(below: Double(low) / Double(Self.rowsPerDoubling)),
      highest: Self.decade(above: Double(high + 1) / Double(Self.rowsPerDoubling)),
      nanoseconds: Double(columns) * Double(columnNanoseconds))
    drawAxes(frame, in: &picture)
    drawMarks(frame, in: &picture)
    drawLegend(frame, in: &picture)
    return picture.svg
  }

  private static let decadeWidth = logarithm(10)

  private static func decade(below logarithm: Double) -> Double {
    (logarithm / decadeWidth).rounded(.down) * decadeWidth
  }

  private static func decade(above logarithm: Double) -> Double {
    (logarithm / decadeWidth).rounded(.up) * decadeWidth
  }

  private func drawAxes(_ frame: Frame, in picture: inout Picture) {
    let right = frame.left + frame.width
    let bottom = frame.top + frame.height
    let decades = Int(((frame.highest - frame.lowest) / Self.decadeWidth).rounded())
    let first = Int((frame.lowest / Self.decadeWidth).rounded())
    for index in 0...max(1, decades) {
      let y = frame.y(Double(first + index) * Self.decadeWidth)
      picture.line(from: (frame.left, y), to: (right, y), stroke: "#dddddd")
      let nanoseconds = (0..<first + index).reduce(1.0) { value, _ in value * 10 }
      picture.text(Quantities.time(nanoseconds), x: frame.left - 8, y: y + 4, anchor: .end)
    }
    let step = Self.step(for: frame.nanoseconds)
    for index in 0...Int(frame.nanoseconds / step) {
      let x = frame.x(Double(index) * step)
      picture.line(from: (x, bottom), to: (x, bottom + 5), stroke: "#000000")
      let label = index == 0 ? "0" : Quantities.time(Double(index) * step)
      picture.text(label, x: x, y: bottom + 20, anchor: .middle)
    }
    picture.line(from: (frame.left, frame.top), to: (frame.left, bottom), stroke: "#000000")
    picture.line(from: (frame.left, bottom), to: (right, bottom), stroke: "#000000")
    picture.text("latency", x: frame.left - 8, y: frame.top - 10, anchor: .end)
    picture.text(
      "time since the beginning of the capture", x: frame.left + frame.width / 2, y: bottom + 42,
      anchor: .middle)
  }

  /// The distance of marks on the axis of time: 1, 2 or 5 of a power of ten.
  private static func step(for nanoseconds: Double) -> Double {
    var step = 1.0
    while true {
      for factor in [1.0, 2, 5] where nanoseconds / (step * factor) <= 10 { return step * factor }
      step *= 10
    }
  }

  private func drawMarks(_ frame: Frame, in picture: inout Picture) {
    var plot = self
    var marks = plot.marks
    while marks.count > Self.mostMarks, plot.columnNanoseconds < columnNanoseconds << 8 {
      plot.widen()
      marks = plot.marks
    }
    let column = Double(plot.columnNanoseconds)
    for mark in marks {
      let bottom = Double(mark.row) / Double(Self.rowsPerDoubling)
      let y = frame.y(bottom + 0.5 / Double(Self.rowsPerDoubling))
      let x = frame.x(Double(mark.columns.lowerBound) * column)
      let end = min(
        frame.left + frame.width, frame.x(Double(mark.columns.upperBound) * column))
      picture.rectangle(
        x: x, y: y - 1.5, width: max(2.5, end - x), height: 3, fill: mark.color)
    }
  }

  /// What is drawn: cells of one colour that lie side by side.
  private struct Mark {
    var columns: Range<Int>
    var row: UInt16
    var color: String
  }

  /// Where several classes have points, that one is drawn of which the greatest part lies there;
  /// the more points, the stronger its colour.
  private var marks: [Mark] {
    var places: [Place: (share: Double, operations: OperationClass, points: UInt32)] = [:]
    for (cell, points) in cells {
      let place = Place(row: cell.row, column: cell.column)
      let share = Double(points) / Double(counts[cell.operations] ?? 1)
      let old = places[place]
      let all = (old?.points ?? 0) &+ points
      if let old, (old.share, old.operations.rawValue) > (share, cell.operations.rawValue) {
        places[place] = (old.share, old.operations, all)
      } else {
        places[place] = (share, cell.operations, all)
      }
    }
    let most = Self.logarithm(Double(places.values.map(\.points).max() ?? 1) + 1)
    var marks: [Mark] = []
    for (place, drawn) in places.sorted(by: { $0.key < $1.key }) {
      let column = Int(place.column)
      // Four strengths: few enough for neighbours to have the same.
      let level = (Self.logarithm(Double(drawn.points) + 1) / most * 3).rounded()
      let color = drawn.operations.color(strength: 0.4 + 0.2 * level)
      if let last = marks.last, last.color == color, last.row == place.row,
        last.columns.upperBound == column
      {
        marks[marks.count - 1].columns = last.columns.lowerBound..<column + 1
      } else {
        marks.append(Mark(columns: column..<column + 1, row: place.row, color: color))
      }
    }
    return marks
  }

  private struct Place: Hashable, Comparable {
    var row: UInt16
    var column: UInt16

    static func < (left: Place, right: Place) -> Bool {
      (left.row, left.column) < (right.row, right.column)
    }
  }

  private var classesByFrequency: [OperationClass] {
    OperationClass.allCases.filter { counts[$0] != nil }
      .sorted { (counts[$1] ?? 0, $0.rawValue) < (counts[$0] ?? 0, $1.rawValue) }
  }

  private func drawLegend(_ frame: Frame, in picture: inout Picture) {
    let left = frame.left + frame.width + 20
    for (index, operations) in classesByFrequency.enumerated() {
      let y = frame.top + Double(index) * 34
      picture.rectangle(x: left, y: y, width: 12, height: 12, fill: operations.color())
      picture.text(operations.rawValue, x: left + 18, y: y + 10)
      let count = Quantities.count(counts[operations] ?? 0)
      picture.text(count, x: left + 18, y: y + 24, size: 10)
    }
  }
}
