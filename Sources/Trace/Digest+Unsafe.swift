internal import CXXHash
internal import Linux

/// XXH3 of file data, 64 bits with the seed 0: what tells whether two pieces of data are equal.
///
/// One value serves one thread for one piece of data after another: `reset`, then `update` for
/// each part.
@safe
package final class Digest {
  // SAFETY: made and freed by the library, which alone looks inside; used by one thread.
  private let state: OpaquePointer
  private let instructions = Instructions.best

  /// The digest of nothing yet.
  package init() {
    // SAFETY: freed in `deinit`.
    guard let state = unsafe xxh3_create() else { preconditionFailure("no memory") }
    unsafe self.state = state
    reset()
  }

  deinit {
    // SAFETY: the only owner goes.
    unsafe xxh3_free(state)
  }

  /// Begins anew.
  package func reset() {
    // SAFETY: `state` lives as long as this object.
    unsafe xxh3_reset(state)
  }

  /// Adds `bytes` to what the digest is of.
  package func update(_ bytes: RawSpan) {
    // SAFETY: the buffer lives through the call and bounds what is read; the state is laid out
    // alike for all instructions, which come from one header.
    unsafe bytes.withUnsafeBytes { buffer in
      switch instructions {
      case .avx512:
        unsafe xxh3_update_avx512(state, buffer.baseAddress, buffer.count)
      case .avx2:
        unsafe xxh3_update_avx2(
          state, buffer.baseAddress, buffer.count)
      case .usual: unsafe xxh3_update_usual(state, buffer.baseAddress, buffer.count)
      }
    }
  }

  /// The digest of everything added since the beginning.
  package var value: UInt64 {
    // SAFETY: `state` lives as long as this object; it is only read.
    unsafe xxh3_digest(state)
  }

  /// The digest of `bytes`; 0 for none, as in a record without data.
  package static func of(_ bytes: RawSpan) -> UInt64 {
    of(bytes, with: .best)
  }

  /// The digest of `bytes`; 0 for none.
  package static func of(_ bytes: [UInt8]) -> UInt64 {
    of(bytes.rawBytes)
  }

  /// The digest of `bytes` in one step, which costs less than beginning, adding and ending.
  @inline(__always)
  static func of(_ bytes: RawSpan, with instructions: Instructions) -> UInt64 {
    guard bytes.byteCount > 0 else { return 0 }
    // SAFETY: the buffer lives through the call and bounds what is read.
    return unsafe bytes.withUnsafeBytes { buffer in
      switch instructions {
      case .avx512: unsafe xxh3_of_avx512(buffer.baseAddress, buffer.count)
      case .avx2: unsafe xxh3_of_avx2(buffer.baseAddress, buffer.count)
      case .usual: unsafe xxh3_of_usual(buffer.baseAddress, buffer.count)
      }
    }
  }

  /// Which instructions the processor has for this.
  enum Instructions: CaseIterable {
    case avx512
    case avx2
    case usual

    /// Whether this processor has them.
    var areThere: Bool {
      switch self {
      case .avx512: xxh3_has_avx512() != 0
      case .avx2: xxh3_has_avx2() != 0
      case .usual: true
      }
    }

    /// The fastest that are there.
    static let best = allCases.first { $0.areThere } ?? .usual
  }
}
