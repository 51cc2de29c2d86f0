import Testing

/// Switches over what a protocol defines name every case, so that a new one cannot be forgotten.
let switchRules = [defaultRule]

/// Cases by which a switch over `Opcode`, `Operation` or `Request` is known whatever its subject is
/// called: three of them are no accident.
private let protocolCases: Set<String> = [
  "lookup", "forget", "getattr", "setattr", "readlink", "symlink", "mknod", "mkdir", "unlink",
  "rmdir", "rename", "link", "statfs", "fsync", "setxattr", "getxattr", "listxattr", "removexattr",
  "flush", "opendir", "readdir", "releasedir", "fsyncdir", "getFeatures", "setFeatures", "setOwner",
  "setMemTable", "setMemoryTable", "setVringNum", "setVringAddr", "setVringBase", "getVringBase",
  "setVringKick", "setVringCall", "setVringErr",
]

private let defaultRule = Rule(name: "no default over opcodes, operations and requests") { file in
  guard file.isProduct else { return [] }
  let tokens = Tokens(file)
  return tokens.all.indices.compactMap { index -> Violation? in
    guard tokens[index] == "switch", tokens[index - 1] != ".",
      let start = tokens.brace(from: index), let end = tokens.partners[start]
    else { return nil }
    let labels = labels(between: start, end, tokens)
    let subject = tokens[start - 1].lowercased()
    let isNamed = ["opcode", "operation", "request"].contains { subject.hasSuffix($0) }
    guard isNamed || labels.names.count(where: protocolCases.contains) >= 3,
      let line = labels.defaultLine
    else { return nil }
    return Violation(path: file.path, line: line + 1, message: "a default")
  }
}

/// The cases that a switch names, and the line of what stands for all others.
private func labels(
  between start: Int, _ end: Int, _ tokens: Tokens
) -> (names: [String], defaultLine: Int?) {
  var names: [String] = []
  var defaultLine: Int?
  var isLabel = false
  var index = start + 1
  while index < end {
    switch tokens[index] {
    case "{": index = tokens.partners[index] ?? index
    case "case":
      isLabel = true
      if tokens[index + 1] == "_", tokens[index + 2] == ":" { defaultLine = tokens.all[index].line }
    case "default" where tokens[index + 1] == ":": defaultLine = tokens.all[index].line
    case ":": isLabel = false
    case "." where isLabel: names.append(tokens[index + 1])
    default: break
    }
    index += 1
  }
  return (names, defaultLine)
}

@Suite struct SwitchRulesTests {
  @Test(arguments: ["opcode", "header.opcode", "operation", "message.request"])
  func refusesADefaultByTheSubject(subject: String) {
    #expect(defaultRule.count("switch \(subject) {\ncase .a: b()\ndefault: c()\n}\n") == 1)
    #expect(defaultRule.count("switch \(subject) {\ncase .a: b()\ncase _: c()\n}\n") == 1)
    #expect(defaultRule.count("switch \(subject) {\ncase .a: b()\ncase .d: c()\n}\n") == 0)
  }

  @Test func refusesADefaultByTheCases() {
    let cases = "case .lookup, .getattr: 1\ncase .mkdir: 2\n"
    #expect(defaultRule.count("switch self {\n\(cases)default: 0\n}\n") == 1)
    #expect(defaultRule.count("switch self {\n\(cases)case .rmdir: 0\n}\n") == 0)
  }

  @Test func allowsADefaultElsewhere() {
    #expect(defaultRule.count("switch type {\ncase 1: a()\ndefault: b()\n}\n") == 0)
    let inner = "switch a {\ncase 1: b()\ndefault: c()\n}"
    #expect(defaultRule.count("switch opcode {\ncase .a: do {\n\(inner)\n}\n}\n") == 0)
  }
}
