/// How a request and its reply are cut into buffers; a device must not care.
package enum Framing: Hashable, Sendable {
  /// Header, arguments and each data buffer by itself, as Linux does.
  case separate
  /// Header and arguments in one buffer.
  case merged
  /// Everything cut into pieces of at most that many bytes.
  case pieces(of: Int)
}
