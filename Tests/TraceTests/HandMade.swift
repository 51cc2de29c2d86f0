import Trace

/// Captures put together byte by byte, as the specification of pcapng says and not as our writer
/// does.
struct HandMade {
  var bytes: [UInt8] = []
  var isBigEndian = false

  func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    let places = (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    return isBigEndian ? places.reversed() : places
  }

  static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    HandMade().number(value)
  }

  mutating func block(_ type: UInt32, _ body: [UInt8]) {
    let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
    let length = UInt32(padded.count + 12)
    bytes += number(type) + number(length) + padded + number(length)
  }

  func option(_ code: UInt16, _ value: [UInt8]) -> [UInt8] {
    number(code) + number(UInt16(value.count)) + value
      + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
  }

  mutating func section(options: [UInt8] = []) {
    block(
      0x0a0d_0d0a,
      number(UInt32(0x1a2b_3c4d)) + number(UInt16(1)) + number(UInt16(0)) + number(Int64(-1))
        + options)
  }

  mutating func interface(linkType: UInt16 = 147, options: [UInt8]? = nil) {
    let usual = option(9, [9]) + option(0, [])
    block(
      1, number(linkType) + number(UInt16(0)) + number(UInt32(0)) + (options ?? usual))
  }

  mutating func packet(
    interface: UInt32 = 0, time: UInt64 = 1, _ packet: [UInt8], original: Int? = nil,
    options: [UInt8] = []
  ) {
    let padding = [UInt8](repeating: 0, count: (4 - packet.count % 4) % 4)
    block(
      6,
      number(interface) + number(UInt32(time >> 32)) + number(UInt32(truncatingIfNeeded: time))
        + number(UInt32(packet.count)) + number(UInt32(original ?? packet.count)) + packet
        + padding + options)
  }

  /// The packet of a record, as `docs/trace-format.md` has it.
  static func record(
    kind: UInt8 = 1, vring: UInt16 = 0, head: UInt16 = 0, serial: UInt64 = 0,
    readable: UInt32 = 0, writable: UInt32 = 0, message: [UInt8] = [], messageCount: UInt32? = nil,
    data: [UInt8] = [], dataCount: UInt32? = nil, digest: UInt64 = 0
  ) -> [UInt8] {
    [1, kind] + little(vring) + little(head) + [0, 0] + little(serial) + little(readable)
      + little(writable) + little(messageCount ?? UInt32(message.count))
      + little(dataCount ?? UInt32(data.count)) + little(digest) + message + data
  }
}

/// All that a reader finds in `bytes`.
func read(_ bytes: [UInt8]) -> (records: [TraceRecord], cut: UInt64?, error: TraceError?) {
  var reader = TraceReader(bytes: bytes)
  var records: [TraceRecord] = []
  do throws(TraceError) {
    while let record = try reader.next() { records.append(record) }
    return (records, reader.cutOffset, nil)
  } catch {
    return (records, reader.cutOffset, error)
  }
}
