internal import CLinux

/// A NUL-terminated path or name, borrowed from bytes that someone else owns.
package struct PathName: ~Escapable {
  private let bytes: RawSpan

  /// Borrows `bytes`, which must end with the only NUL in them.
  ///
  /// - Throws: `EINVAL` if they do not.
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) throws(Errno) {
    // SAFETY: the pointer stays inside the closure, and memchr is bounded by the buffer.
    let isTerminated = unsafe bytes.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress else { return false }
      return unsafe memchr(start, 0, buffer.count)
        == UnsafeMutableRawPointer(mutating: start + buffer.count - 1)
    }
    guard isTerminated else { throw .invalidArgument }
    self.bytes = bytes
  }

  /// The empty path, for calls with `AT_EMPTY_PATH`, or a constant.
  @_lifetime(immortal)
  package init(_ literal: StaticString) {
    // SAFETY: a static string is terminated and lives as long as the process.
    unsafe bytes = _overrideLifetime(
      RawSpan(_unsafeStart: literal.utf8Start, byteCount: literal.utf8CodeUnitCount + 1),
      copying: ())
  }

  /// Calls `body` with the C string.
  @inline(__always)
  func withCString<R, E>(_ body: (UnsafePointer<CChar>) throws(E) -> R) throws(E) -> R {
    // SAFETY: the initialisers proved the terminator; the pointer is used inside `body` only.
    try unsafe bytes.withUnsafeBytes { (buffer) throws(E) -> R in
      guard let start = buffer.baseAddress else { preconditionFailure("an empty path name") }
      return try unsafe body(start.assumingMemoryBound(to: CChar.self))
    }
  }
}
