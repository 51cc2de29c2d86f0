import Testing

/// Words that must not stand in the product.
let wordRules = [unfinishedRule, trapRule, outputRule, accessRule, asyncRule]

private let unfinishedRule = Rule.lines("nothing left for later") { file, index in
  // Put together here, so that this file itself holds the rule.
  ["FIX" + "ME", "TO" + "DO", "X" + "XX"].first { words(file.lines[index]).contains($0[...]) }
    .map { "'\($0)'" }
}

private let trapRule = Rule.lines("no trap in disguise") { file, index in
  guard file.isProduct else { return nil }
  return ["try!", "as!", "fatalError"].first { file.code[index].contains($0) }.map { "'\($0)'" }
}

/// The commands write to standard output; libraries do not.
private let outputRule = Rule.lines("libraries do not print") { file, index in
  guard file.isProduct, file.module != "Virtiofsctl", file.module != "Daemon" else { return nil }
  let found = words(file.code[index])
  return ["print", "debugPrint", "dump"].first {
    found.contains($0) && file.code[index].contains("\($0)(")
  }
  .map { "'\($0)('" }
}

private let accessRule = Rule.lines("package, never public") { file, index in
  guard file.isProduct else { return nil }
  return words(file.code[index]).contains("public") ? "'public'" : nil
}

private let asyncRule = Rule.lines("no concurrency runtime") { file, index in
  guard file.isProduct else { return nil }
  let found = words(file.code[index])
  return ["async", "await", "actor"].first { found.contains($0) }.map { "'\($0)'" }
}

@Suite struct WordRulesTests {
  @Test func unfinished() {
    #expect(unfinishedRule.count("// TO" + "DO: later\n") == 1)
    #expect(unfinishedRule.count("// FIX" + "ME\n", at: "Tests/LinuxTests/A.swift") == 1)
    #expect(unfinishedRule.count("// done\n") == 0)
  }

  @Test func traps() {
    #expect(trapRule.count("let a = try! f()\nlet b = c as! D\nfatalError()\n") == 3)
    #expect(trapRule.count("let a = try f() // not try!\n") == 0)
  }

  @Test func output() {
    #expect(outputRule.count("print(a)\n") == 1)
    #expect(outputRule.count("print(a)\n", at: "Sources/Virtiofsctl/A.swift") == 0)
    #expect(outputRule.count("footprint(a)\nlet print = 1\n") == 0)
  }

  @Test func access() {
    #expect(accessRule.count("public func f() {}\n") == 1)
    #expect(accessRule.count("package func f() {}\n") == 0)
  }

  @Test func concurrency() {
    #expect(asyncRule.count("func f() async {}\nawait g()\n") == 2)
    #expect(asyncRule.count("let asyncRead = 1\n") == 0)
  }
}
