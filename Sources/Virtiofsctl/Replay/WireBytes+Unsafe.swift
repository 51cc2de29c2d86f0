internal import FuseProtocol
internal import Linux

extension [UInt8] {
  /// The structure at `offset`; nil if the bytes end before it does.
  @inline(__always)
  func wire<T: WireValue>(_ type: T.Type = T.self, at offset: Int = 0) -> T? {
    let size = MemoryLayout<T>.size
    guard offset >= 0, count >= size, offset <= count - size else { return nil }
    // SAFETY: the guard bounds the load, and a WireValue has no invalid bit pattern.
    return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  /// Puts a structure in place of what is at `offset`; nothing happens if it would not fit.
  @inline(__always)
  mutating func setWire<T: WireValue>(_ value: T, at offset: Int) {
    let size = MemoryLayout<T>.size
    guard offset >= 0, count >= size, offset <= count - size else { return }
    // SAFETY: the guard bounds the store, and a WireValue has no padding.
    unsafe withUnsafeMutableBytes {
      unsafe $0.storeBytes(of: value, toByteOffset: offset, as: T.self)
    }
  }

  /// The bytes from `offset` up to the next NUL; nil if there is none.
  func name(at offset: Int) -> [UInt8]? {
    guard offset >= 0, offset < count, let end = self[offset...].firstIndex(of: 0) else {
      return nil
    }
    return Array(self[offset..<end])
  }
}

extension [UInt8] {
  /// Calls `body` with these bytes as a name, for system calls.
  ///
  /// - Throws: `EINVAL` if there is a NUL among them; what `body` throws.
  func withPathName<R: ~Copyable>(
    _ body: (borrowing PathName) throws(Errno) -> R
  ) throws(Errno) -> R {
    let terminated = self + [0]
    // SAFETY: an array's bytes are all initialized, and the array lives through the call.
    return try body(PathName(unsafe terminated.span.bytes))
  }

  /// Calls `body` with the bytes, borrowed.
  func withRawSpan<R>(_ body: (RawSpan) throws(Errno) -> R) throws(Errno) -> R {
    // SAFETY: an array's bytes are all initialized, and the array lives through the call.
    try body(unsafe span.bytes)
  }
}
