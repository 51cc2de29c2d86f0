internal import Linux

/// A line on the terminal that says how far long work is; silent where nobody watches.
struct Progress {
  private let isShown: Bool
  private var lastTime = Duration.zero
  private var lastWidth = 0

  /// Progress on standard error, if that is a terminal.
  init(isQuiet: Bool = false) {
    isShown = !isQuiet && Descriptor.standardError.isTerminal
  }

  /// Shows `text()` in place of the last one, at most ten times a second.
  mutating func show(_ text: () -> String) {
    guard isShown else { return }
    let now = SystemClock.now
    guard now - lastTime >= .milliseconds(100) else { return }
    lastTime = now
    write(text())
  }

  /// Takes the line away.
  mutating func end() {
    guard isShown, lastWidth > 0 else { return }
    write("")
    lastWidth = 0
  }

  private mutating func write(_ text: String) {
    let blanks = String(repeating: " ", count: max(0, lastWidth - text.count))
    // Who closed standard error does not want to read this.
    try? Descriptor.standardError.writeWhole("\r" + text + blanks + "\r" + text)
    lastWidth = text.count
  }
}
