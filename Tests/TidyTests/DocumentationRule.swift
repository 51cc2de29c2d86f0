import Testing

/// Every package declaration has a comment, save those that carry out what a protocol asks for and
/// documents.
func documentationRule(requirements: Set<String>) -> Rule {
  Rule.lines("package declarations have comments") { file, index in
    guard file.isProduct, let name = declaredName(file.code[index]) else { return nil }
    guard !requirements.contains(name), !isDocumented(index, in: file),
      !isMemberwise(index, in: file)
    else { return nil }
    return "\(name) has no comment"
  }
}

/// The name that a line declares for the package, or `nil`.
private func declaredName(_ code: String) -> String? {
  let parts = words(code)
  let isSetter = code.contains("private(set)")
  guard let access = parts.firstIndex(of: "package") else { return nil }
  let kinds: Set<Substring> = [
    "func", "var", "let", "struct", "class", "enum", "protocol", "typealias", "init", "subscript",
    "associatedtype",
  ]
  guard let kind = parts[access...].firstIndex(where: kinds.contains) else { return nil }
  guard isSetter || parts[..<access].allSatisfy(modifiers.contains) else { return nil }
  if isOperator(code) { return "operator" }
  let isNamed = parts[kind] != "init" && parts[kind] != "subscript"
  guard isNamed, kind + 1 < parts.count else {
    return code.contains("init(rawValue") ? "rawValue" : String(parts[kind])
  }
  return String(parts[kind + 1])
}

/// Whether a line declares a function whose name is no word.
private func isOperator(_ code: String) -> Bool {
  ["func =", "func <", "func >", "func +", "func -", "func |"].contains { code.contains($0) }
}

private let modifiers: Set<Substring> = [
  "final", "static", "mutating", "consuming", "borrowing", "nonmutating", "indirect", "inline",
  "__always", "discardableResult", "safe", "frozen", "usableFromInline", "nonisolated", "lazy",
  "override", "_lifetime", "copy", "borrow", "self", "immortal",
]

/// Whether a comment stands above the declaration and its attributes.
///
/// The properties of a group have one comment together, and the first ones of a type may have the
/// type's.
private func isDocumented(_ index: Int, in file: SourceFile) -> Bool {
  let isProperty = isWholeProperty(file.code[index])
  for index in (0..<index).reversed() {
    let line = file.lines[index].drop { $0 == " " }
    if line.hasPrefix("///") || line.hasSuffix("*/") { return true }
    let goesOn = isWholeProperty(file.code[index]) || declaresType(file.code[index])
    guard line.hasPrefix("@") || isProperty && goesOn else { return false }
  }
  return false
}

/// Whether a line declares a property, from beginning to end.
private func isWholeProperty(_ code: String) -> Bool {
  let found = words(code)
  return (found.contains("let") || found.contains("var"))
    && code.contains("{") == code.contains("}")
}

private func declaresType(_ code: String) -> Bool {
  let found = words(code)
  return found.contains("package") && code.contains("{")
    && ["struct", "class", "enum"].contains { found.contains($0) }
}

/// Whether an initialiser only sets properties to the arguments of their names, which says all, or
/// does nothing.
private func isMemberwise(_ index: Int, in file: SourceFile) -> Bool {
  guard words(file.code[index]).contains("init") else { return false }
  if file.code[index].hasSuffix("init() {}") { return true }
  let depth = file.lines[index].prefix { $0 == " " }.count
  var isBody = false
  for line in file.code[index...] {
    let found = words(line)
    let indentation = line.prefix { $0 == " " }.count
    if isBody, indentation == depth { return true }
    if isBody {
      guard found.count == 3, found[0] == "self", found[1] == found[2] else { return false }
    }
    if line.contains("{") { isBody = true }
    if line.contains("}") { return false }
  }
  return false
}

/// The names that the protocols in `file` ask for.
func requirements(in file: SourceFile) -> Set<String> {
  let tokens = Tokens(file)
  var names: Set<String> = []
  for index in tokens.all.indices where tokens[index] == "protocol" && tokens[index - 1] != "." {
    guard let start = tokens.brace(from: index), let end = tokens.partners[start] else { continue }
    for place in start..<end where ["func", "var"].contains(tokens[place]) {
      names.insert(tokens[place + 1])
    }
  }
  return names
}

/// What protocols of the standard library and of ArgumentParser ask for.
let standardRequirements: Set<String> = [
  "rawValue", "description", "debugDescription", "hash", "next", "operator", "allValueStrings",
  // As `Descriptor` has it: the number, to make calls with.
  "borrowed",
]

@Suite struct DocumentationRuleTests {
  private let rule = documentationRule(requirements: ["lookup"])

  @Test(arguments: [
    "package func f() {}", "package static let a = 1", "final package class C {}",
    "package struct S: ~Copyable {}", "package init(a: Int) {}", "package private(set) var a = 1",
    "@inline(__always) package func f() {}", "package mutating func f() {}",
    "package protocol P {}",
  ])
  func wantsAComment(code: String) {
    #expect(rule.count("\n  \(code)\n") == 1)
    #expect(rule.count("  /// What it is.\n  \(code)\n") == 0)
    #expect(rule.count("  /// What it is.\n  @discardableResult\n  \(code)\n") == 0)
    #expect(rule.count("  /// Something else.\n\n  \(code)\n") == 1)
  }

  @Test func oneCommentServesAGroupOfProperties() {
    let properties = "  package static let a = 1\n  package var b: Int\n"
    #expect(rule.count("  /// The numbers.\n\(properties)") == 0)
    #expect(rule.count("\n\(properties)") == 2)
    #expect(rule.count("/// A pair.\npackage struct P {\n\(properties)") == 0)
    #expect(rule.count("\npackage struct P {\n\(properties)") == 3)
    #expect(rule.count("  /// The numbers.\n\(properties)  package func c() {}\n") == 1)
  }

  @Test func aMemberwiseInitialiserSpeaksForItself() {
    let head = "  package init(a: Int, b: Int) {\n    self.a = a\n"
    #expect(rule.count("\(head)    self.b = b\n  }\n") == 0)
    #expect(rule.count("\(head)    self.b = a + 1\n  }\n") == 1)
    #expect(rule.count("\n  package init() {}\n") == 0)
  }

  @Test func wantsNoneElsewhere() {
    #expect(rule.count("package import Linux\n") == 0)
    #expect(rule.count("func f() {}\n") == 0)
    #expect(rule.count("package func lookup() {}\n") == 0)
    #expect(rule.count("package init(rawValue: Int) {}\n") == 1)
    #expect(rule.count("package static func == (a: A, b: A) {}\n") == 1)
  }

  @Test func findsWhatProtocolsAskFor() {
    let file = SourceFile(
      path: "a", text: "protocol P {\n  func f()\n  var g: Int { get }\n}\nfunc h() {}\n")
    #expect(requirements(in: file) == ["f", "g"])
  }
}
