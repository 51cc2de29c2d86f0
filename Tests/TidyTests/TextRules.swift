import Testing

/// What holds for every line of every file.
let textRules = [asciiRule, lineLengthRule, blanksRule, endRule]

private let asciiRule = Rule.lines("ASCII only") { file, index in
  file.lines[index].utf8.allSatisfy { $0 < 0x80 } ? nil : "not ASCII"
}

private let lineLengthRule = Rule.lines("lines of at most 100 columns") { file, index in
  let count = file.lines[index].count
  return count <= 100 ? nil : "\(count) columns"
}

private let blanksRule = Rule.lines("no tabs, no blanks at the end") { file, index in
  let line = file.lines[index]
  if line.contains("\t") { return "a tab" }
  return line.last == " " || line.last == "\r" ? "blanks at the end" : nil
}

private let endRule = Rule(name: "one line end at the end") { file in
  guard let last = file.lines.last, last.allSatisfy({ $0 == " " }) else { return [] }
  return [Violation(path: file.path, line: file.lines.count, message: "empty lines at the end")]
}

@Suite struct TextRulesTests {
  @Test func ascii() {
    #expect(asciiRule.count("// a \u{2014} b\nlet a = 1\n") == 1)
    #expect(asciiRule.count("// a - b\n") == 0)
  }

  @Test func lineLength() {
    let line = String(repeating: "x", count: 100)
    #expect(lineLengthRule.count("\(line)\n") == 0)
    #expect(lineLengthRule.messages("\(line)\n\(line)y\n") == ["101 columns"])
  }

  @Test func blanks() {
    #expect(blanksRule.messages("a \n\tb\nc\n") == ["blanks at the end", "a tab"])
    #expect(blanksRule.count("  a\n\n  b\n") == 0)
  }

  @Test func end() {
    #expect(endRule.count("a\n\n") == 1)
    #expect(endRule.count("a\n") == 0)
  }
}
