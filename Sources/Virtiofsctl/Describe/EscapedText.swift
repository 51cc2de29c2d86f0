/// Bytes of a stranger as text that a terminal takes for text.
///
/// Names are any bytes: one with escape sequences could rewrite the screen, one that turns the
/// direction of writing could pass for another. What is no printable UTF-8 becomes `\xHH` or
/// `\u{...}`, a backslash becomes two: the bytes can be told from the text.
enum EscapedText {
  /// More of one name or value than this is not shown: the longest path.
  static let mostBytes = 4096

  /// Appends `bytes`, escaped, without quotes around them.
  static func append(_ bytes: some Collection<UInt8>, to text: inout String) {
    let shown = bytes.prefix(mostBytes)
    if shown.allSatisfy(isPlain) {
      text += String(decoding: shown, as: UTF8.self)
    } else {
      appendSlowly(Array(shown), to: &text)
    }
    if bytes.count > shown.count { text += "...(\(bytes.count) bytes)" }
  }

  /// `bytes`, escaped, without quotes around them.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    var result = ""
    append(bytes, to: &result)
    return result
  }

  /// `text` of a stranger, escaped likewise.
  static func text(_ text: String) -> String {
    self.text(Array(text.utf8))
  }

  /// Appends `bytes`, escaped, in double quotes.
  static func appendQuoted(_ bytes: some Collection<UInt8>, to text: inout String) {
    text += "\""
    var inner = ""
    append(bytes, to: &inner)
    text += inner.utf8.contains(UInt8(ascii: "\"")) ? inner.replacing("\"", with: "\\\"") : inner
    text += "\""
  }

  /// Printable ASCII that stands for itself.
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\\")
  }

  private static func appendSlowly(_ bytes: [UInt8], to text: inout String) {
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\\") {
        text += "\\\\"
        offset += 1
      } else if isPlain(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
        offset += 1
      } else if byte >= 0x80, let scalar = scalar(in: bytes, at: offset) {
        if isPrintable(scalar) {
          text.unicodeScalars.append(scalar)
        } else {
          text += "\\u{" + String(scalar.value, radix: 16) + "}"
        }
        offset += UTF8.width(scalar)
      } else {
        text += byte < 0x10 ? "\\x0" : "\\x"
        text += String(byte, radix: 16)
        offset += 1
      }
    }
  }

  /// The scalar that the bytes from `offset` on spell; nil if they are no UTF-8.
  private static func scalar(in bytes: [UInt8], at offset: Int) -> Unicode.Scalar? {
    var decoder = UTF8()
    var rest = bytes[offset...].prefix(4).makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&rest) else { return nil }
    return scalar
  }

  /// Whether a terminal shows the scalar in its place and does nothing else.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case _: true
    }
  }
}
