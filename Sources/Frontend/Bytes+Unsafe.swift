package import FuseProtocol

extension [UInt8] {
  /// Calls `body` with the bytes from `offset` on, to be changed in place.
  mutating func withMutableBytes<R, E>(
    from offset: Int, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    var elements = mutableSpan
    // SAFETY: every byte is a valid UInt8.
    var whole = unsafe elements.mutableBytes
    var rest = whole._mutatingExtracting(droppingFirst: offset)
    return try body(&rest)
  }

  /// Appends a value as it travels.
  @inline(__always)
  package mutating func append<T: WireValue>(wire value: T) {
    // SAFETY: a WireValue has no padding, and the buffer does not leave the closure.
    unsafe Swift.withUnsafeBytes(of: value) { unsafe append(contentsOf: $0) }
  }
}

extension [UInt8] {
  /// A copy of `bytes`.
  init(copying bytes: RawSpan) {
    // SAFETY: the buffer is read while the closure runs.
    self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
  }
}
