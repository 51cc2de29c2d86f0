/// A value of JSON (RFC 8259), to be written.
///
/// The libraries that write JSON bring Foundation along.
enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A number of 64 bits: some readers keep only the first 53.
  case unsigned(UInt64)
  /// A number; one that JSON cannot say, NaN or infinity, becomes null.
  case number(Double)
  case string(String)
  case array([JSON])
  /// Members in the order in which they are written.
  case object([(name: String, value: JSON)])

  static func == (left: JSON, right: JSON) -> Bool {
    left.text == right.text
  }

  /// The value in one line.
  var text: String {
    var text = ""
    append(to: &text)
    return text
  }

  /// Appends the value: a large one is put together without its parts being strings of their own.
  private func append(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .unsigned(let value): text += String(value)
    case .number(let value): text += value.isFinite ? String(value) : "null"
    case .string(let value): Self.appendQuoted(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.append(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += ", " }
        Self.appendQuoted(member.name, to: &text)
        text += ": "
        member.value.append(to: &text)
      }
      text += "}"
    }
  }

  private static func appendQuoted(_ value: String, to text: inout String) {
    text += "\""
    if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) {
      text += value
    } else {
      appendEscaped(value, to: &text)
    }
    text += "\""
  }

  private static func appendEscaped(_ value: String, to text: inout String) {
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
