internal import Linux
internal import Logging
internal import Synchronization

/// Where the daemon's lines go: by level, to standard error or to the system log.
///
/// A line below the level costs one comparison: its text is not put together.
package struct Log: Sendable {
  private let logger: Logger?
  private let limiter = LineLimiter()

  /// A log of what is at least as grave as `level`.
  package init(level: LogLevel, toSyslog: Bool) {
    guard let level = level.level else {
      logger = nil
      return
    }
    var logger = Logger(label: "swift-virtiofsd") { _ in
      if toSyslog { SyslogHandler() } else { StandardErrorHandler() }
    }
    logger.logLevel = level
    self.logger = logger
  }

  /// Something that ends the daemon or breaks a vring.
  package func error(_ text: @autoclosure () -> String) {
    logger?.error("\(text())")
  }

  /// Something that the operator should change or know.
  package func warning(_ text: @autoclosure () -> String) {
    logger?.warning("\(text())")
  }

  /// The life of the daemon: connected, negotiated, left.
  package func information(_ text: @autoclosure () -> String) {
    logger?.info("\(text())")
  }

  /// What the daemon does.
  package func debug(_ text: @autoclosure () -> String) {
    logger?.debug("\(text())")
  }

  /// A warning about what a guest or a front-end did, which it can do as often as it likes.
  ///
  /// At most ten lines at once and one a second go to the log; the next one that does says how
  /// many did not.
  package func warningFromOutside(_ text: @autoclosure () -> String) {
    guard let logger, logger.logLevel <= .warning else { return }
    switch limiter.admit(at: SystemClock.now) {
    case .drop: return
    case .write(suppressed: 0): logger.warning("\(text())")
    case .write(let suppressed): logger.warning("\(text()) (\(suppressed) more lines left out)")
    }
  }
}
