/// The fields of a message while it is being read.
struct FieldList {
  /// Whether details are wanted; without them they are not even made.
  let isDetailed: Bool
  /// What was read so far.
  private(set) var fields: [Field] = []

  init(isDetailed: Bool) {
    self.isDetailed = isDetailed
    fields.reserveCapacity(8)
  }

  /// Adds a field that a line shows.
  mutating func add(_ name: String, _ value: FieldValue) {
    fields.append(Field(name: name, value: value))
  }

  /// Adds a number that a line shows.
  mutating func add(_ name: String, _ value: some UnsignedInteger) {
    add(name, .number(UInt64(value)))
  }

  /// Adds the names of the bits that are set, unless none is.
  mutating func addFlags(_ name: String, _ bits: some UnsignedInteger, _ table: FlagTable) {
    if bits != 0 { add(name, .flags(table.names(of: UInt64(bits)))) }
  }

  /// Adds a field that is shown only where there is room.
  mutating func detail(_ name: String, _ value: @autoclosure () -> FieldValue) {
    guard isDetailed else { return }
    fields.append(Field(name: name, value: value(), isDetail: true))
  }

  /// Adds a number that is shown only where there is room.
  mutating func detail(_ name: String, _ value: some UnsignedInteger) {
    guard isDetailed else { return }
    fields.append(Field(name: name, value: .number(UInt64(value)), isDetail: true))
  }

  /// Adds a time that is shown only where there is room: seconds and their fraction.
  mutating func detail(_ name: String, seconds: UInt64, nanoseconds: UInt32) {
    detail(name, .word(Self.time(Int64(bitPattern: seconds), nanoseconds)))
  }

  /// Seconds with nine digits after the point.
  static func time(_ seconds: Int64, _ nanoseconds: UInt32) -> String {
    let digits = String(nanoseconds)
    return String(seconds) + "." + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
  }
}
