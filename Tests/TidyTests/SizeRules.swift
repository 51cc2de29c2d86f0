import Testing

/// How long things may be.
let sizeRules = [fileLengthRule, functionLengthRule]

private let fileLengthRule = Rule(name: "files of at most 400 lines") { file in
  guard file.lines.count > 400 else { return [] }
  return [Violation(path: file.path, line: 401, message: "\(file.lines.count) lines")]
}

private let functionLengthRule = Rule(name: "functions of at most 60 lines") { file in
  let tokens = Tokens(file)
  return tokens.functions.compactMap { function in
    let length = function.lines.count - longestSwitch(in: function, tokens, sparing: 10)
    guard length > 60 else { return nil }
    return Violation(
      path: file.path, line: function.lines.lowerBound + 1,
      message: "\(function.name) has \(function.lines.count) lines")
  }
}

/// The lines of the one switch that is the body of `function` but for `spare` lines; else 0.
private func longestSwitch(in function: Function, _ tokens: Tokens, sparing spare: Int) -> Int {
  var longest = 0
  var index = function.body.lowerBound + 1
  while index < function.body.upperBound {
    if tokens[index] == "switch", tokens[index - 1] != ".",
      let start = tokens.brace(from: index, before: function.body.upperBound),
      let end = tokens.partners[start]
    {
      longest = max(longest, tokens.all[end].line - tokens.all[index].line + 1)
      index = end
    } else if tokens[index] == "{", let end = tokens.partners[index] {
      index = end
    }
    index += 1
  }
  return function.lines.count - longest <= spare ? longest : 0
}

/// A function, initialiser, subscript or computed property.
struct Function {
  let name: String
  /// From the declaration to the closing brace, counted from 0.
  let lines: ClosedRange<Int>
  /// The tokens of the two braces and what is between them.
  let body: ClosedRange<Int>
}

extension Tokens {
  /// Every function with a body.
  var functions: [Function] {
    all.indices.compactMap { index in
      guard let name = functionName(at: index), let start = body(ofDeclarationAt: index),
        let end = partners[start]
      else { return nil }
      return Function(
        name: name, lines: all[index].line...all[end].line, body: start...end)
    }
  }

  private func functionName(at index: Int) -> String? {
    guard self[index - 1] != "." else { return nil }
    switch self[index] {
    case "func", "var": return self[index + 1]
    case "init": return ["(", "?", "<"].contains(self[index + 1]) ? "init" : nil
    case "deinit", "subscript": return self[index]
    default: return nil
    }
  }

  /// The brace that opens the body, or `nil` for a requirement of a protocol or a stored property.
  private func body(ofDeclarationAt start: Int) -> Int? {
    let isVariable = self[start] == "var"
    var depth = 0
    for index in (start + 1)..<max(start + 1, all.count) {
      let text = all[index].text
      if depth == 0, text == "{" { return index }
      if depth == 0, text == "=", isVariable { return nil }
      if depth == 0, all[index].line > all[index - 1].line, !continues(at: index) { return nil }
      if depth == 0, text == "}" { return nil }
      if text == "(" || text == "[" { depth += 1 }
      if text == ")" || text == "]" { depth -= 1 }
    }
    return nil
  }

  /// Whether the line that begins with this token goes on with the signature before it.
  private func continues(at index: Int) -> Bool {
    ["->", "where", "throws", "{"].contains(self[index])
      || ["->", "where", ",", ":", "&"].contains(self[index - 1])
  }
}

@Suite struct SizeRulesTests {
  private func function(_ head: String, _ line: String, count: Int) -> String {
    "\(head) {\n" + String(repeating: "  \(line)\n", count: count) + "}\n"
  }

  @Test func fileLength() {
    #expect(fileLengthRule.count(String(repeating: "a\n", count: 400)) == 0)
    #expect(fileLengthRule.messages(String(repeating: "a\n", count: 401)) == ["401 lines"])
  }

  @Test(arguments: [
    "func f()", "init(a: Int)", "init?(a: Int)", "var x: Int", "deinit", "subscript(a: Int) -> Int",
    "func f(\n  a: Int = { 3 }()\n) throws(Errno) -> [Int]\nwhere A: B",
  ])
  func functionLength(head: String) {
    let headCount = head.split(separator: "\n").count
    #expect(functionLengthRule.count(function(head, "a()", count: 59 - headCount)) == 0)
    #expect(functionLengthRule.count(function(head, "a()", count: 60 - headCount + 1)) == 1)
  }

  @Test func aSwitchMayBeLonger() {
    let cases = String(repeating: "  case .a: b()\n", count: 80)
    #expect(
      functionLengthRule.count("func f() {\n  let a = b\n  switch a {\n\(cases)  }\n}\n") == 0)
    let more = String(repeating: "  a()\n", count: 20)
    #expect(functionLengthRule.count("func f() {\n\(more)  switch a {\n\(cases)  }\n}\n") == 1)
  }

  @Test func aRequirementHasNoBody() {
    let next = function("struct S", "let a = 1", count: 90)
    #expect(functionLengthRule.count("protocol P {\n  func f() -> Int\n}\n" + next) == 0)
    #expect(functionLengthRule.count("var a: Int\n" + next) == 0)
  }
}
