/// A word, an arrow or a single sign of a file's code.
struct Token {
  let text: String
  /// Counted from 0.
  let line: Int
}

/// A file's code as tokens, with each brace's partner.
struct Tokens {
  let all: [Token]
  /// For the index of each opening brace that of the closing one.
  let partners: [Int: Int]

  init(_ file: SourceFile) {
    var all: [Token] = []
    for (line, code) in file.code.enumerated() {
      Self.split(code) { all.append(Token(text: $0, line: line)) }
    }
    var partners: [Int: Int] = [:]
    var open: [Int] = []
    for (index, token) in all.enumerated() {
      if token.text == "{" { open.append(index) }
      if token.text == "}", let start = open.popLast() { partners[start] = index }
    }
    self.all = all
    self.partners = partners
  }

  /// The token's text, or the empty one outside of the file.
  subscript(_ index: Int) -> String {
    all.indices.contains(index) ? all[index].text : ""
  }

  /// The opening brace at or after `start` that is in no parentheses; before `end`, if given.
  func brace(from start: Int, before end: Int? = nil) -> Int? {
    var depth = 0
    for index in start..<(end ?? all.count) {
      switch all[index].text {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "{" where depth == 0: return index
      default: break
      }
    }
    return nil
  }

  private static func split(_ code: String, _ yield: (String) -> Void) {
    var word: [UInt8] = []
    var previous: UInt8 = 0
    for byte in code.utf8 {
      if isWord(byte) {
        word.append(byte)
        previous = byte
        continue
      }
      if !word.isEmpty {
        yield(String(decoding: word, as: UTF8.self))
        word.removeAll(keepingCapacity: true)
      }
      if previous == UInt8(ascii: "-"), byte == UInt8(ascii: ">") {
        yield("->")
      } else if byte != UInt8(ascii: " "), byte != UInt8(ascii: "-") {
        yield(String(decoding: [byte], as: UTF8.self))
      }
      previous = byte
    }
    if !word.isEmpty { yield(String(decoding: word, as: UTF8.self)) }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
