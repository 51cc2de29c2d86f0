internal import Linux

/// Standard output, written in large parts; quiet once nobody reads it.
struct StandardOutput {
  private var text = ""
  private static let partByteCount = 64 << 10
  /// Whether the reader has gone, so that there is no use in going on.
  private(set) var isClosed = false

  /// Ready to write; a reader that goes is seen from then on, and does not end the process.
  init() {
    OwnProcess.ignoreBrokenPipes()
    text.reserveCapacity(2 * Self.partByteCount)
  }

  /// Adds text.
  ///
  /// - Throws: What the file says to being written; nothing if the reader has gone.
  mutating func write(_ part: String) throws(ToolError) {
    text += part
    if text.utf8.count >= Self.partByteCount { try flush() }
  }

  /// Writes what has been added.
  mutating func flush() throws(ToolError) {
    guard !isClosed, !text.isEmpty else { return }
    do throws(Errno) {
      try Descriptor.standardOutput.writeWhole(text)
    } catch {
      guard error == .brokenPipe else { throw .failure("cannot write the output: \(error)") }
      isClosed = true
    }
    text.removeAll(keepingCapacity: true)
  }
}
