import Testing

/// Something about a source file that is not as the style wants it.
struct Violation: CustomStringConvertible {
  let path: String
  /// Counted from 1.
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// A rule of the style, over one file at a time.
struct Rule: Sendable, CustomTestStringConvertible {
  let name: String
  let check: @Sendable (SourceFile) -> [Violation]

  var testDescription: String { name }

  /// Every rule.
  static let all: [Rule] =
    textRules + sizeRules + unsafeRules + importRules + wordRules + switchRules

  /// A rule on single lines: `message` says what is wrong with the line at an index, if anything.
  static func lines(
    _ name: String, _ message: @escaping @Sendable (SourceFile, Int) -> String?
  ) -> Rule {
    Rule(name: name) { file in
      file.lines.indices.compactMap { index in
        message(file, index).map { Violation(path: file.path, line: index + 1, message: $0) }
      }
    }
  }
}

extension Rule {
  /// The messages that the rule has for a file of this text, for its own test.
  func messages(_ text: String, at path: String = "Sources/Linux/Sample.swift") -> [String] {
    check(SourceFile(path: path, text: text)).map(\.message)
  }

  /// How many times the rule has something to say about a file of this text.
  func count(_ text: String, at path: String = "Sources/Linux/Sample.swift") -> Int {
    messages(text, at: path).count
  }
}
