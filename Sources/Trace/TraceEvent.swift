internal import Linux

/// What the message of an event record says; a number of 4 bytes and what belongs to it.
package enum TraceEvent: Equatable, Sendable {
  /// The capture begins: by which program, called with which options.
  case captureBegan(program: String, options: String)
  /// A vring has been started, with so many descriptors and these features agreed on.
  case vringStarted(size: UInt32, features: UInt64)
  /// A vring has been stopped.
  case vringStopped
  /// So many records of this vring are missing here: the disk was too slow for the buffer.
  case dropped(UInt64)
  /// The device was reset.
  case deviceReset
  /// The capture ends, after so many requests, replies and dropped records.
  case captureEnded(requests: UInt64, replies: UInt64, dropped: UInt64)

  /// The event in `message`; nil for a number that is not known or a message that is too short.
  package init?(message: [UInt8]) {
    let bytes = message.rawBytes
    guard bytes.byteCount >= 4 else { return nil }
    let rest = bytes.extracting(droppingFirst: 4)
    let number: UInt32 = bytes.number(at: 0)
    switch number {
    case 1:
      let lines = Self.values(in: rest.text(0..<rest.byteCount))
      self = .captureBegan(program: lines["program"] ?? "", options: lines["options"] ?? "")
    case 2 where rest.byteCount >= 12:
      self = .vringStarted(size: rest.number(at: 0), features: rest.number(at: 4))
    case 3: self = .vringStopped
    case Self.droppedNumber where rest.byteCount >= 8: self = .dropped(rest.number(at: 0))
    case 5: self = .deviceReset
    case 6 where rest.byteCount >= 24:
      self = .captureEnded(
        requests: rest.number(at: 0), replies: rest.number(at: 8), dropped: rest.number(at: 16))
    case _: return nil
    }
  }

  /// The message that says this.
  package var message: [UInt8] {
    switch self {
    case .captureBegan(let program, let options):
      bytes(of: UInt32(1)) + Self.lines(["program": program, "options": options]).utf8
    case .vringStarted(let size, let features):
      bytes(of: UInt32(2)) + bytes(of: size) + bytes(of: features)
    case .vringStopped: bytes(of: UInt32(3))
    case .dropped(let count): bytes(of: Self.droppedNumber) + bytes(of: count)
    case .deviceReset: bytes(of: UInt32(5))
    case .captureEnded(let requests, let replies, let dropped):
      bytes(of: UInt32(6)) + bytes(of: requests) + bytes(of: replies) + bytes(of: dropped)
    }
  }

  /// The number of `dropped`, and how long its message is: a lane writes it by itself.
  static let droppedNumber: UInt32 = 4
  static let droppedByteCount = 12

  /// The `name=value` lines of `text`.
  private static func values(in text: String) -> [Substring: String] {
    var values: [Substring: String] = [:]
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[line[..<equals]] = String(line[line.index(after: equals)...])
    }
    return values
  }

  /// `values` as lines in a fixed order; a line end in a value would begin another line.
  private static func lines(_ values: KeyValuePairs<String, String>) -> String {
    values.map { name, value in
      "\(name)=" + String(value.map { $0.isNewline ? " " : $0 }) + "\n"
    }
    .joined()
  }
}

/// `value` in little-endian bytes.
private func bytes<T: FixedWidthInteger>(of value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
