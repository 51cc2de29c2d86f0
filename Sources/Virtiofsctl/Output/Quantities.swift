/// Numbers as people read them.
enum Quantities {
  /// Nanoseconds with three digits and their unit: `850 ns`, `12.4 us`, `1.03 s`.
  static func time(_ nanoseconds: Double) -> String {
    scaled(nanoseconds, [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)])
  }

  /// Bytes with three digits and a binary unit: `512 B`, `1.50 MiB`.
  static func bytes(_ count: Double) -> String {
    scaled(
      count,
      [
        ("B", 1), ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824),
        ("TiB", 1_099_511_627_776),
      ])
  }

  /// A count with thousands apart: `1,234,567`.
  static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
      result.append(digit)
    }
    return result
  }

  /// A number with so many digits after its point.
  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return String(value) }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((value.magnitude * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + String(scaled) }
    let digits = String(scaled)
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return sign + padded.dropLast(places) + "." + padded.suffix(places)
  }

  private static func scaled(_ value: Double, _ units: [(name: String, size: Double)]) -> String {
    var unit = units[0]
    for candidate in units where value >= candidate.size { unit = candidate }
    let amount = value / unit.size
    let places = unit.size == 1 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2
    return fixed(amount, places) + " " + unit.name
  }
}
