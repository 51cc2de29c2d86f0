internal import CXXHash

/// XXH3 of file data, 64 bits with the seed 0: what tells whether two pieces of data are equal.
///
/// One value serves one thread for one piece of data after another: `reset`, then `update` for
/// each part.
@safe
package final class Digest {
  // SAFETY: made and freed by the library, which alone looks inside; used by one thread.
  private let state: OpaquePointer

  /// The digest of nothing yet.
  package init() {
    // SAFETY: freed in `deinit`.
    guard let state = unsafe XXH3_createState() else { preconditionFailure("no memory") }
    unsafe self.state = state
    reset()
  }

  deinit {
    // SAFETY: the only owner goes.
    _ = unsafe XXH3_freeState(state)
  }

  /// Begins anew.
  package func reset() {
    // SAFETY: `state` lives as long as this object.
    _ = unsafe XXH3_64bits_reset(state)
  }

  /// Adds `bytes` to what the digest is of.
  package func update(_ bytes: RawSpan) {
    // SAFETY: the buffer lives through the call and bounds what is read.
    unsafe bytes.withUnsafeBytes { buffer in
      _ = unsafe XXH3_64bits_update(state, buffer.baseAddress, buffer.count)
    }
  }

  /// The digest of everything added since the beginning.
  package var value: UInt64 {
    // SAFETY: `state` lives as long as this object; it is only read.
    unsafe XXH3_64bits_digest(state)
  }

  /// The digest of `bytes`; 0 for none, as in a record without data.
  package static func of(_ bytes: RawSpan) -> UInt64 {
    guard bytes.byteCount > 0 else { return 0 }
    // SAFETY: the buffer lives through the call and bounds what is read.
    return unsafe bytes.withUnsafeBytes { buffer in
      unsafe XXH3_64bits(buffer.baseAddress, buffer.count)
    }
  }

  /// The digest of `bytes`; 0 for none.
  package static func of(_ bytes: [UInt8]) -> UInt64 {
    of(bytes.rawBytes)
  }
}
