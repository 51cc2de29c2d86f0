import Testing

/// The style, executed: each rule over every source file.
@Suite struct TidyTests {
  @Test(arguments: Rule.all)
  func holds(rule: Rule) {
    report(SourceTree.files.flatMap(rule.check))
  }

  @Test func packageDeclarationsHaveComments() {
    let asked = SourceTree.files.filter(\.isProduct).map(requirements(in:))
    let rule = documentationRule(requirements: asked.reduce(standardRequirements) { $0.union($1) })
    report(SourceTree.files.flatMap(rule.check))
  }

  /// A rule that saw no files would hold for ever.
  @Test func theSourcesAreFound() {
    let modules = Set(SourceTree.files.compactMap(\.module))
    #expect(modules.isSuperset(of: ["Linux", "FuseProtocol", "Passthrough", "TidyTests"]))
    #expect(SourceTree.files.allSatisfy { !$0.lines.isEmpty })
    #expect(SourceTree.files.count > 100)
  }

  private func report(_ violations: [Violation]) {
    for violation in violations {
      Issue.record("\(violation)")
    }
  }
}

@Suite struct LexerTests {
  private func code(_ text: String) -> [String] {
    SourceFile(path: "a", text: text).code
  }

  @Test func commentsAreNotCode() {
    #expect(code("a // b\nc /* d /* e */ f */ g\n") == ["a     ", "c                   g"])
    #expect(SourceFile(path: "a", text: "a // b\n").comments == ["  // b"])
  }

  @Test func textOfStringsIsNotCode() {
    #expect(code("f(\"a // b\") + c\n") == ["f(\"      \") + c"])
    #expect(code("\"\"\"\na\n\"\"\" + b\n") == ["\"\"\"", " ", "\"\"\" + b"])
    #expect(code(#"a("\"b") c"# + "\n") == [#"a("   ") c"#])
    #expect(code("#\"a\\(b)\"c\"# d\n") == ["#\"       \"# d"])
  }

  @Test func interpolationsAreCode() {
    #expect(code(#""a\(b("c"))d" e"# + "\n") == [#""  (b(" ")) " e"#])
  }
}
