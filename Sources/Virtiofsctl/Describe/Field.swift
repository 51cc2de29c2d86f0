/// One thing that a message says: an argument, or a part of the answer.
struct Field: Equatable, Sendable {
  /// As the kernel's structure calls it, or nearly.
  var name: String
  var value: FieldValue
  /// Whether it is left out where one line has to do.
  var isDetail = false
}

/// What a field says.
enum FieldValue: Equatable, Sendable {
  case number(UInt64)
  case signed(Int64)
  /// A mode or a mask of permissions: `0100644`.
  case octal(UInt32)
  /// A digest, or a number that means nothing to people.
  case hexadecimal(UInt64)
  /// Names of flags; none for 0.
  case flags([String])
  /// A word of ours.
  case word(String)
  /// A name, a path or a target: any bytes.
  case name([UInt8])
  /// Any bytes, of which a line shows the beginning.
  case bytes([UInt8])
  /// Names; `count` says how many there are if these are only the first.
  case names([[UInt8]], count: Int)
  /// Records, each with its own fields.
  case records([[Field]])
}

extension FieldValue {
  /// How many bytes of a value a line shows.
  static let mostValueBytes = 48
  /// How many names a line shows.
  static let mostNames = 3

  /// Appends the value as people read it.
  ///
  /// - Parameter isWhole: Whether to show all names and bytes instead of the first.
  func append(to text: inout String, isWhole: Bool) {
    switch self {
    case .number(let value): text += String(value)
    case .signed(let value): text += String(value)
    case .octal(let value): text += Self.octal(value)
    case .hexadecimal(let value): text += Self.hexadecimal(value)
    case .flags(let names): text += names.isEmpty ? "0" : names.joined(separator: "|")
    case .word(let word): text += word
    case .name(let bytes): EscapedText.appendQuoted(bytes, to: &text)
    case .bytes(let bytes):
      let shown = isWhole ? bytes[...] : bytes.prefix(Self.mostValueBytes)
      EscapedText.appendQuoted(shown, to: &text)
      if shown.count < bytes.count { text += "..." }
    case .names(let names, let count):
      let shown = isWhole ? names[...] : names.prefix(Self.mostNames)
      for (index, name) in shown.enumerated() {
        if index > 0 { text += "," }
        EscapedText.appendQuoted(name, to: &text)
      }
      if shown.count < count { text += ",..." }
    case .records(let records): text += "\(records.count) records"
    }
  }

  /// The value as programs read it; numbers that are written in octal or hexadecimal, and names,
  /// are strings.
  var json: JSON {
    switch self {
    case .number(let value): .unsigned(value)
    case .signed(let value): .integer(Int(value))
    case .octal(let value): .string(Self.octal(value))
    case .hexadecimal(let value): .string(Self.hexadecimal(value))
    case .flags(let names): .array(names.map { .string($0) })
    case .word(let word): .string(word)
    case .name(let bytes), .bytes(let bytes): .string(EscapedText.text(bytes))
    case .names(let names, _): .array(names.map { .string(EscapedText.text($0)) })
    case .records(let records): .array(records.map(\.json))
    }
  }

  private static func octal(_ value: UInt32) -> String {
    value == 0 ? "0" : "0" + String(value, radix: 8)
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension [Field] {
  /// Appends ` name=value` for each field that is wanted; records are left to the caller.
  ///
  /// - Parameter isDetail: Which of them: the details or the others; nil for all.
  func append(to text: inout String, details isDetail: Bool?, isWhole: Bool = false) {
    for field in self where isDetail.map({ $0 == field.isDetail }) ?? true {
      if case .records = field.value { continue }
      text += " "
      text += field.name
      text += "="
      field.value.append(to: &text, isWhole: isWhole)
    }
  }

  /// The fields as an object.
  var json: JSON {
    .object(map { (name: $0.name, value: $0.value.json) })
  }
}
