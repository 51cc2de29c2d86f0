internal import Linux

/// Notices that the user wants to stop, so that files and daemons can be cleaned up first.
final class Interruption {
  private let signals: Signals?

  /// Nobody interrupts: for a bench that is part of another program.
  static var never: Interruption { Interruption(nil) }

  private init(_ signals: Signals?) {
    self.signals = signals
  }

  /// Takes over SIGINT, SIGTERM and SIGHUP; before the first thread.
  static func bySignal() throws(ToolError) -> Interruption {
    do throws(Errno) {
      return Interruption(try Signals())
    } catch {
      throw .failure("cannot watch for signals: \(error)")
    }
  }

  /// - Throws: A failure if a signal has come.
  func check() throws(ToolError) {
    if hasCome { throw .failure("interrupted") }
  }

  /// Whether a signal has come; once one has, that stays so.
  var hasCome: Bool {
    guard let descriptor = signals?.descriptor.descriptor else { return false }
    return (try? Descriptor.pollInput([descriptor], milliseconds: 0)) ?? 0 != 0
  }
}

private final class Signals {
  let descriptor: SignalDescriptor

  init() throws(Errno) {
    descriptor = try SignalDescriptor()
  }
}
