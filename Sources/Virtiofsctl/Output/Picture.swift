/// A drawing as SVG, in units of pixels from the upper left corner.
struct Picture {
  /// Where a text stands relative to its point.
  enum Anchor: String, Sendable {
    case start
    case middle
    case end
  }

  private let width: Double
  private let height: Double
  private var elements: [String] = []

  /// A white sheet.
  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// A filled rectangle, with a text that shows under the pointer.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, title: String = ""
  ) {
    let start = "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" "
    let tooltip = title.isEmpty ? "" : "<title>\(escaped(title))</title>"
    elements.append(start + "height=\"\(number(height))\" fill=\"\(fill)\">\(tooltip)</rect>")
  }

  /// A straight line.
  mutating func line(
    from start: (x: Double, y: Double), to end: (x: Double, y: Double), stroke: String,
    width: Double = 1
  ) {
    elements.append(
      "<line x1=\"\(number(start.x))\" y1=\"\(number(start.y))\" x2=\"\(number(end.x))\" "
        + "y2=\"\(number(end.y))\" stroke=\"\(stroke)\" stroke-width=\"\(number(width))\"/>")
  }

  /// A dot.
  mutating func dot(x: Double, y: Double, radius: Double, fill: String) {
    elements.append(
      "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" fill=\"\(fill)\"/>")
  }

  /// A line of text.
  mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 12, anchor: Anchor = .start
  ) {
    elements.append(
      "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(number(size))\" "
        + "text-anchor=\"\(anchor.rawValue)\">\(escaped(text))</text>")
  }

  /// The file's contents.
  var svg: String {
    let size = "width=\"\(number(width))\" height=\"\(number(height))\""
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) font-family=\"sans-serif\">\n"
      + "<rect \(size) fill=\"#ffffff\"/>\n"
    return head + elements.joined(separator: "\n") + "\n</svg>\n"
  }

  private func number(_ value: Double) -> String {
    Quantities.fixed(value, 1)
  }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
