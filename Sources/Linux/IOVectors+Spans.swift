// Looking at ranges of memory that others may change meanwhile: for checksums and copies of file
// data, where a torn value harms nobody.
extension IOVectors {
  /// Adds the ranges of `other`, which stays as it is.
  package mutating func append(_ other: borrowing IOVectors) {
    for index in 0..<other.count {
      // SAFETY: `other` has found the range to be mapped as `append` demands.
      let range = unsafe other.range(at: index)
      if let base = range.baseAddress { unsafe append(base, byteCount: range.count) }
    }
  }

  /// Calls `body` with the `count` bytes from `offset` on, if they lie in one range.
  @inline(__always)
  package borrowing func withSpan(
    from offset: Int, count: Int, _ body: (RawSpan) -> Void
  ) {
    var (skipped, index) = (offset, 0)
    while index < self.count {
      let range = unsafe range(at: index)
      index += 1
      // SAFETY: the count of a buffer is no access.
      let length = range.count
      guard length <= skipped else {
        guard count <= length - skipped else { return }
        // SAFETY: skipped + count <= length; the range is mapped (see `append`).
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: range[skipped..<skipped + count])
        // SAFETY: the span is used inside `body` only.
        return body(unsafe RawSpan(_unsafeBytes: bytes))
      }
      skipped -= length
    }
  }

  /// Calls `body` with the bytes from `offset` on, at most `count`, range by range.
  @inline(__always)
  package borrowing func forEachSpan(
    from offset: Int, count: Int, _ body: (RawSpan) -> Void
  ) {
    var (skipped, rest, index) = (offset, count, 0)
    while rest > 0, index < self.count {
      let range = unsafe range(at: index)
      index += 1
      // SAFETY: the count of a buffer is no access.
      let length = range.count
      guard length > skipped else {
        skipped -= length
        continue
      }
      let part = min(length - skipped, rest)
      // SAFETY: skipped + part <= length; the range is mapped (see `append`).
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: range[skipped..<skipped + part])
      // SAFETY: the span is used inside `body` only.
      body(unsafe RawSpan(_unsafeBytes: bytes))
      rest -= part
      skipped = 0
    }
  }
}
