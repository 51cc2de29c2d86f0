/// Why a capture cannot be read, for the user.
package struct TraceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, as the user named it.
  package let file: String
  /// Where in the file, in bytes from its beginning; nil if the file could not be opened.
  package let offset: UInt64?
  /// What is wrong and, where there is something, what to do; without a full stop.
  package let reason: String

  package init(file: String, offset: UInt64?, reason: String) {
    self.file = file
    self.offset = offset
    self.reason = reason
  }

  /// All of it in one line.
  package var description: String {
    guard let offset else { return "\(file): \(reason)" }
    return "\(file): at byte \(offset): \(reason)"
  }
}

/// What is wrong with a block, before it is known where it stands.
struct BlockFault: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}
