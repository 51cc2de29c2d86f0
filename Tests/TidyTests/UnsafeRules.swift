import Testing

/// Where unsafe code may stand, and what must stand beside it.
let unsafeRules = [placeRule, safetyRule]

/// Words that give up a guarantee of the language.
private let unsafeWords: Set<Substring> = [
  "unsafe", "UnsafePointer", "UnsafeMutablePointer", "UnsafeRawPointer", "UnsafeMutableRawPointer",
  "UnsafeBufferPointer", "UnsafeMutableBufferPointer", "UnsafeRawBufferPointer",
  "UnsafeMutableRawBufferPointer", "OpaquePointer", "Unmanaged", "unsafeBitCast", "unchecked",
]

private let placeRule = Rule.lines("unsafe code in Linux and +Unsafe files only") { file, index in
  guard file.isProduct, file.module != "Linux", !file.path.hasSuffix("+Unsafe.swift") else {
    return nil
  }
  return words(file.code[index]).first { unsafeWords.contains($0) }.map { "'\($0)' here" }
}

private let safetyRule = Rule.lines("unsafe code says why it is safe") { file, index in
  let found = words(file.code[index])
  guard file.isProduct, found.contains("unsafe") || found.contains("unchecked") else { return nil }
  return isCovered(index, in: file) ? nil : "no '// SAFETY:' near"
}

/// Whether a comment with SAFETY speaks for the line.
private func isCovered(_ index: Int, in file: SourceFile) -> Bool {
  isCoveredAbove(index, in: file) || isCoveredBelow(index, in: file)
    || isCoveredForAll(index, in: file)
}

/// Above it, with no empty line between, and at most six lines of code that are not unsafe
/// themselves.
private func isCoveredAbove(_ index: Int, in file: SourceFile) -> Bool {
  var others = 0
  for index in (0...index).reversed() {
    if file.comments[index].contains("SAFETY") { return true }
    if isEmpty(file.lines[index]) { return false }
    let found = words(file.code[index])
    if !found.isEmpty, !found.contains("unsafe") { others += 1 }
    if others > 6 { return false }
  }
  return false
}

/// At the beginning of the block that it opens: one of the next three lines.
private func isCoveredBelow(_ index: Int, in file: SourceFile) -> Bool {
  for index in index..<min(index + 4, file.lines.count) {
    if isEmpty(file.lines[index]) { return false }
    if file.comments[index].contains("SAFETY") { return true }
  }
  return false
}

/// Above it, for all that follows in the same block.
private func isCoveredForAll(_ index: Int, in file: SourceFile) -> Bool {
  var depth = Int.max
  for index in (0...index).reversed() where !isEmpty(file.lines[index]) {
    let indentation = file.lines[index].prefix { $0 == " " }.count
    if indentation <= depth, file.comments[index].contains("SAFETY, for all below:") { return true }
    depth = min(depth, indentation)
  }
  return false
}

private func isEmpty(_ line: String) -> Bool {
  line.allSatisfy { $0 == " " }
}

/// The words of a line of code.
func words(_ code: String) -> [Substring] {
  code.split { !($0.isLetter || $0.isNumber || $0 == "_") }
}

@Suite struct UnsafeRulesTests {
  @Test(arguments: [
    "let a = unsafe f()", "let p: UnsafeRawPointer", "struct S: @unchecked Sendable {}",
    "let p: OpaquePointer",
  ])
  func place(code: String) {
    #expect(placeRule.count("\(code)\n", at: "Sources/Daemon/A.swift") == 1)
    #expect(placeRule.count("\(code)\n", at: "Sources/Linux/A.swift") == 0)
    #expect(placeRule.count("\(code)\n", at: "Sources/Daemon/A+Unsafe.swift") == 0)
    #expect(placeRule.count("// \(code)\n", at: "Sources/Daemon/A.swift") == 0)
    #expect(placeRule.count("f(\"\(code)\")\n", at: "Sources/Daemon/A.swift") == 0)
    #expect(placeRule.count("f(\"\\(unsafe g())\")\n", at: "Sources/Daemon/A.swift") == 1)
  }

  @Test func safety() {
    #expect(safetyRule.count("  unsafe f()\n") == 1)
    #expect(safetyRule.count("  // SAFETY: because.\n  unsafe f()\n") == 0)
    #expect(safetyRule.count("  // SAFETY: because.\n\n  unsafe f()\n") == 1)
    #expect(safetyRule.count("  // SAFETY: because.\n  unsafe f {\n    unsafe g()\n  }\n") == 0)
    let far = String(repeating: "  a()\n", count: 8)
    #expect(safetyRule.count("  // SAFETY: because.\n\(far)  unsafe f()\n") == 1)
    #expect(safetyRule.count("extension S: @unchecked Sendable {}\n") == 1)
    #expect(safetyRule.count("  let unsafely = 1\n") == 0)
  }

  @Test func safetyInsideOrForAll() {
    #expect(safetyRule.count("  unsafe f {\n    // SAFETY: because.\n    unsafe g()\n  }\n") == 0)
    let all = "  // SAFETY, for all below: because.\n\n  func a() {\n    unsafe b()\n  }\n"
    #expect(safetyRule.count("struct S {\n\(all)\n  let c = unsafe d\n}\n") == 0)
    #expect(safetyRule.count("struct S {\n\(all)}\n\nlet c = unsafe d\n") == 1)
  }
}
