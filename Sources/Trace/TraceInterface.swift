/// What an Interface Description Block says, and the Interface Statistics Block after it.
package struct TraceInterface: Equatable, Sendable {
  /// `if_name`; empty if there is none.
  package internal(set) var name = ""
  /// `LINKTYPE_*`.
  package let linkType: UInt16
  /// At most so many bytes of a packet are kept; 0 for no limit.
  package let snapLength: UInt32
  /// `if_tsresol`: how many units of time are a second.
  package internal(set) var unitsPerSecond: UInt64 = 1_000_000
  /// `if_tsoffset`: seconds to add to all times.
  package internal(set) var offsetSeconds: Int64 = 0
  /// `isb_ifrecv`: how many packets there were; nil before the statistics have been read.
  package internal(set) var receivedCount: UInt64?
  /// `isb_ifdrop`: how many more could not be kept; nil before the statistics have been read.
  package internal(set) var droppedCount: UInt64?

  /// More of a name is not kept: there may be many interfaces.
  private static let mostNameBytes = 256

  /// Reads the body of an Interface Description Block.
  init(_ body: RawSpan, isBigEndian: Bool) throws(BlockFault) {
    guard body.byteCount >= 8 else { throw BlockFault("an interface's description is too short") }
    linkType = body.number(at: 0, isBigEndian: isBigEndian)
    snapLength = body.number(at: 4, isBigEndian: isBigEndian)
    try forEachOption(in: body, from: 8, isBigEndian) { (code, value) throws(BlockFault) in
      switch code {
      case OptionCode.name: name = value.text(0..<min(value.byteCount, Self.mostNameBytes))
      case OptionCode.resolution where value.byteCount == 1:
        unitsPerSecond = try Self.unitsPerSecond(value.number(at: 0))
      case OptionCode.timeOffset where value.byteCount == 8:
        offsetSeconds = value.number(at: 0, isBigEndian: isBigEndian)
      case _: break
      }
    }
  }

  /// Reads the body of an Interface Statistics Block, its 12 first bytes left out.
  mutating func addStatistics(_ body: RawSpan, isBigEndian: Bool) throws(BlockFault) {
    try forEachOption(in: body, from: 12, isBigEndian) { (code, value) throws(BlockFault) in
      guard value.byteCount == 8 else { return }
      switch code {
      case OptionCode.received: receivedCount = value.number(at: 0, isBigEndian: isBigEndian)
      case OptionCode.dropped: droppedCount = value.number(at: 0, isBigEndian: isBigEndian)
      case _: break
      }
    }
  }

  /// What the byte of `if_tsresol` means: a power of ten, or of two with the highest bit.
  private static func unitsPerSecond(_ resolution: UInt8) throws(BlockFault) -> UInt64 {
    let exponent = Int(resolution & 0x7f)
    if resolution & 0x80 != 0, exponent < 64 { return 1 << UInt64(exponent) }
    if resolution & 0x80 == 0, exponent < 20 {
      return (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
    throw BlockFault("times of a resolution that no clock has (if_tsresol \(resolution))")
  }

  /// A packet's time in nanoseconds since 1970, at the limit where it lies beyond.
  func nanoseconds(_ time: UInt64) -> UInt64 {
    guard unitsPerSecond != 1_000_000_000 || offsetSeconds != 0 else { return time }
    let (seconds, units) = time.quotientAndRemainder(dividingBy: unitsPerSecond)
    let product = units.multipliedFullWidth(by: 1_000_000_000)
    // `units` is less than `unitsPerSecond`, so the quotient is less than a second.
    let fraction = unitsPerSecond.dividingFullWidth(product).quotient
    let shifted = Int64(clamping: seconds).addingReportingOverflow(offsetSeconds)
    guard !shifted.overflow, shifted.partialValue >= 0 else { return offsetSeconds < 0 ? 0 : .max }
    let whole = UInt64(shifted.partialValue).multipliedReportingOverflow(by: 1_000_000_000)
    let sum = whole.partialValue.addingReportingOverflow(fraction)
    return whole.overflow || sum.overflow ? .max : sum.partialValue
  }
}

/// Calls `body` with each option's number and value, from `offset` to the end of the options.
func forEachOption(
  in block: RawSpan, from offset: Int, _ isBigEndian: Bool,
  _ body: (UInt16, RawSpan) throws(BlockFault) -> Void
) throws(BlockFault) {
  var offset = offset
  while offset + 4 <= block.byteCount {
    let code: UInt16 = block.number(at: offset, isBigEndian: isBigEndian)
    let length: UInt16 = block.number(at: offset + 2, isBigEndian: isBigEndian)
    guard code != OptionCode.end else { return }
    offset += 4
    guard Int(length) <= block.byteCount - offset else {
      throw BlockFault("an option of \(length) bytes runs past the end of its block")
    }
    try body(code, block.extracting(offset..<offset + Int(length)))
    offset += Pcapng.padded(Int(length))
  }
}
