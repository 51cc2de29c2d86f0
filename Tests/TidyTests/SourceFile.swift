/// A source file by lines, in which code, comments and the text of strings are told apart.
///
/// Each of the three views has every line in full width: what is not shown is blank.
struct SourceFile: Sendable {
  /// Relative to the repository.
  let path: String
  /// As written.
  let lines: [String]
  /// Without comments and without what stands in string literals.
  let code: [String]
  /// Comments only.
  let comments: [String]

  init(path: String, text: String) {
    self.path = path
    let bytes = Array(text.utf8)
    var lexer = Lexer(bytes)
    lexer.scan()
    lines = Self.split(bytes, lexer.classes) { _ in true }
    code = Self.split(bytes, lexer.classes) { $0 == .code }
    comments = Self.split(bytes, lexer.classes) { $0 == .comment }
  }

  /// The first directory under `Sources` or `Tests`, or `nil` elsewhere.
  var module: String? {
    let parts = path.split(separator: "/")
    return parts.count >= 3 ? String(parts[1]) : nil
  }

  /// Whether the file is under `Sources`.
  var isProduct: Bool { path.hasPrefix("Sources/") }

  private static func split(
    _ bytes: [UInt8], _ classes: [Lexer.Class], showing isShown: (Lexer.Class) -> Bool
  ) -> [String] {
    var result: [String] = []
    var line: [UInt8] = []
    for (byte, kind) in zip(bytes, classes) {
      if byte == UInt8(ascii: "\n") {
        result.append(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
      } else {
        line.append(isShown(kind) ? byte : UInt8(ascii: " "))
      }
    }
    if !line.isEmpty { result.append(String(decoding: line, as: UTF8.self)) }
    return result
  }
}

/// Says of each byte of a Swift or C source what it belongs to.
struct Lexer {
  enum Class {
    case code, comment, string
  }

  private let bytes: [UInt8]
  private(set) var classes: [Class]
  private var index = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    classes = Array(repeating: .code, count: bytes.count)
  }

  mutating func scan() {
    while index < bytes.count { scanCode(isInterpolation: false) }
  }

  private func isAt(_ text: StaticString, _ offset: Int = 0) -> Bool {
    var place = index + offset
    for byte in text.description.utf8 {
      guard place < bytes.count, bytes[place] == byte else { return false }
      place += 1
    }
    return true
  }

  private mutating func mark(_ kind: Class, _ count: Int = 1) {
    for _ in 0..<count where index < bytes.count {
      classes[index] = kind
      index += 1
    }
  }

  /// Code up to the end of the file, or up to the parenthesis that ends an interpolation.
  private mutating func scanCode(isInterpolation: Bool) {
    var depth = 0
    while index < bytes.count {
      if isAt("//") {
        while index < bytes.count, !isAt("\n") { mark(.comment) }
      } else if isAt("/*") {
        scanBlockComment()
      } else if let count = numberSignsBeforeQuote() {
        scanString(numberSigns: count)
      } else if isInterpolation, isAt(")"), depth == 0 {
        return
      } else {
        if isAt("(") { depth += 1 }
        if isAt(")") { depth -= 1 }
        mark(.code)
      }
    }
  }

  private mutating func scanBlockComment() {
    var depth = 0
    repeat {
      if isAt("/*") {
        depth += 1
        mark(.comment, 2)
      } else if isAt("*/") {
        depth -= 1
        mark(.comment, 2)
      } else {
        mark(.comment)
      }
    } while depth > 0 && index < bytes.count
  }

  /// How many # stand before a quotation mark here, or `nil` if no string begins here.
  private func numberSignsBeforeQuote() -> Int? {
    var count = 0
    while isAt("#", count) { count += 1 }
    return isAt("\"", count) ? count : nil
  }

  private mutating func scanString(numberSigns: Int) {
    mark(.code, numberSigns)
    let quotes = isAt("\"\"\"") ? 3 : 1
    mark(.code, quotes)
    while index < bytes.count {
      if isEnd(quotes: quotes, numberSigns: numberSigns) {
        return mark(.code, quotes + numberSigns)
      }
      guard isAt("\\"), (0..<numberSigns).allSatisfy({ isAt("#", 1 + $0) }) else {
        mark(.string)
        continue
      }
      mark(.string, 1 + numberSigns)
      guard isAt("(") else {
        mark(.string)
        continue
      }
      mark(.code)
      scanCode(isInterpolation: true)
      mark(.code)
    }
  }

  private func isEnd(quotes: Int, numberSigns: Int) -> Bool {
    (0..<quotes).allSatisfy { isAt("\"", $0) }
      && (0..<numberSigns).allSatisfy { isAt("#", quotes + $0) }
  }
}
