extension RawSpan {
  /// The number at `offset`, which must lie inside the span, in the byte order given.
  @inline(__always)
  func number<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, isBigEndian: Bool = false
  ) -> T {
    // SAFETY: the load checks its bounds; every bit pattern is an integer.
    let value = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self)
    return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
  }

  /// A copy of the bytes in `range`, which must lie inside the span.
  func copy(_ range: Range<Int>) -> [UInt8] {
    // SAFETY: `extracting` checks the range; the buffer is copied before the closure ends.
    unsafe extracting(range).withUnsafeBytes { unsafe Array($0) }
  }

  /// The bytes in `range` as text; what is no UTF-8 is replaced.
  func text(_ range: Range<Int>) -> String {
    // SAFETY: as in `copy`.
    unsafe extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
