/// Reads JSON only to tell whether it is any (RFC 8259).
struct JSONReader {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = Substring(text).utf8
  }

  /// Whether the text is one value and nothing else.
  var readsWhole: Bool {
    var reader = self
    guard reader.value() else { return false }
    reader.blanks()
    return reader.rest.isEmpty
  }

  private mutating func value() -> Bool {
    blanks()
    switch rest.first {
    case UInt8(ascii: "{"): return list(until: "}") { $0.member() }
    case UInt8(ascii: "["): return list(until: "]") { $0.value() }
    case UInt8(ascii: "\""): return string()
    case _: return ["null", "true", "false"].contains { take($0) } || number()
    }
  }

  private mutating func member() -> Bool {
    blanks()
    guard string() else { return false }
    blanks()
    return take(":") && value()
  }

  private mutating func list(
    until end: String, _ element: (inout JSONReader) -> Bool
  ) -> Bool {
    rest.removeFirst()
    blanks()
    if take(end) { return true }
    while element(&self) {
      blanks()
      if take(end) { return true }
      guard take(",") else { return false }
    }
    return false
  }

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return true
      case 0..<0x20: return false
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return false }
        if escaped == UInt8(ascii: "u") {
          guard rest.count >= 4, rest.prefix(4).allSatisfy(Self.isHexadecimal) else { return false }
          rest = rest.dropFirst(4)
        } else if !"\"\\/bfnrt".utf8.contains(escaped) {
          return false
        }
      case _: break
      }
    }
    return false
  }

  private mutating func number() -> Bool {
    let digits = rest.prefix { "+-.eE0123456789".utf8.contains($0) }
    rest = rest.dropFirst(digits.count)
    return Double(String(Substring(digits))) != nil
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    "0123456789abcdefABCDEF".utf8.contains(byte)
  }

  private mutating func take(_ word: String) -> Bool {
    guard rest.starts(with: word.utf8) else { return false }
    rest = rest.dropFirst(word.utf8.count)
    return true
  }

  private mutating func blanks() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0a }
  }
}
