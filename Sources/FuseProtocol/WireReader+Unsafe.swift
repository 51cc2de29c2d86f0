/// A cursor that consumes wire values from the front of borrowed bytes.
///
/// The bytes must be private: whoever could change them meanwhile could have them read twice.
package struct WireReader: ~Escapable {
  /// What has not been consumed yet.
  package private(set) var remaining: RawSpan

  /// A cursor at the beginning of `bytes`.
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    remaining = bytes
  }

  /// Consumes one value of a fixed layout.
  ///
  /// - Throws: `truncated`.
  @_lifetime(self: copy self)
  @inline(__always)
  package mutating func read<T: WireValue>(_ type: T.Type = T.self) throws(DecodingError) -> T {
    let byteCount = MemoryLayout<T>.size
    guard remaining.byteCount >= byteCount else { throw .truncated }
    // SAFETY: the guard bounds the load, and `WireValue` admits every bit pattern.
    let value = unsafe remaining.unsafeLoadUnaligned(as: type)
    remaining = remaining.extracting(droppingFirst: byteCount)
    return value
  }

  /// Consumes `byteCount` bytes as they are.
  ///
  /// - Throws: `truncated`.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  package mutating func readBytes(_ byteCount: Int) throws(DecodingError) -> RawSpan {
    guard byteCount >= 0, remaining.byteCount >= byteCount else { throw .truncated }
    let bytes = remaining.extracting(first: byteCount)
    remaining = remaining.extracting(droppingFirst: byteCount)
    return bytes
  }

  /// Consumes a string up to its NUL, and the NUL.
  ///
  /// - Throws: `unterminatedString`.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  package mutating func readName() throws(DecodingError) -> Name {
    guard let length = remaining.firstOffset(of: 0) else { throw .unterminatedString }
    let bytes = remaining.extracting(first: length + 1)
    remaining = remaining.extracting(droppingFirst: length + 1)
    return Name(terminated: bytes)
  }
}

extension RawSpan {
  /// The offset of the first byte that is `byte`.
  ///
  /// Eight bytes at a time: subtracting 1 from each byte sets the sign bit of those that were 0,
  /// and of others only above a borrow, so the lowest one found is right.
  @inline(__always)
  func firstOffset(of byte: UInt8) -> Int? {
    let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
    var offset = 0
    while offset + 8 <= byteCount {
      // SAFETY: the loop's condition bounds the load; an integer has no invalid pattern.
      let word = UInt64(
        littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let different = word ^ pattern
      let zeros = (different &- 0x0101_0101_0101_0101) & ~different & 0x8080_8080_8080_8080
      if zeros != 0 { return offset + zeros.trailingZeroBitCount / 8 }
      offset += 8
    }
    while offset < byteCount {
      if self.byte(at: offset) == byte { return offset }
      offset += 1
    }
    return nil
  }

  /// The byte at `offset`, which must be within the span.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    // SAFETY: the load checks its bounds; a byte has no invalid pattern.
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
  }
}
