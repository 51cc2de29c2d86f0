extension [UInt8] {
  /// The bytes, borrowed.
  @inline(__always)
  package var rawBytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // SAFETY: an array's bytes are all initialized; UInt8 has no padding.
      unsafe span.bytes
    }
  }
}
