internal import Trace

/// What `--verbose` shows below the line of an exchange: all that the line leaves out.
enum VerboseLines {
  /// Appends the lines.
  static func append(
    _ exchange: Exchange, _ request: RequestDescription, _ reply: ReplyDescription?,
    to text: inout String
  ) {
    let record = exchange.request
    text += "      request serial=\(record.serial) head=\(record.head)"
    text += " readable=\(record.readableByteCount) writable=\(record.writableByteCount)"
    append(request.arguments, to: &text)
    guard let reply, let answer = exchange.reply else { return }
    text += "      reply   written=\(answer.writableByteCount)"
    append(reply.answer, to: &text)
  }

  /// The details, what the line shows only in part, and a line for each record.
  private static func append(_ fields: [Field], to text: inout String) {
    fields.append(to: &text, details: true, isWhole: true)
    let records = fields.flatMap(\.records)
    for field in fields where field.isCutInLine && records.isEmpty {
      [field].append(to: &text, details: nil, isWhole: true)
    }
    text += "\n"
    for record in records {
      text += "       "
      record.append(to: &text, details: nil, isWhole: true)
      text += "\n"
    }
  }
}

extension Field {
  /// The records that the value consists of; none for anything else.
  fileprivate var records: [[Field]] {
    guard case .records(let records) = value else { return [] }
    return records
  }

  /// Whether a line shows only the beginning of the value.
  fileprivate var isCutInLine: Bool {
    guard !isDetail else { return false }
    switch value {
    case .bytes(let bytes): return bytes.count > FieldValue.mostValueBytes
    case .names(let names, _): return names.count > FieldValue.mostNames
    case .number, .signed, .octal, .hexadecimal, .flags, .word, .name, .records: return false
    }
  }
}
