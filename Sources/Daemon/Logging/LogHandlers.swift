internal import Linux
internal import Logging

/// Writes lines to standard error: `swift-virtiofsd: warning: text`.
///
/// Without the time unless a person reads along: what collects the lines stamps them itself.
struct StandardErrorHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info
  private let showsTime = Descriptor.standardError.isTerminal

  func log(event: LogEvent) {
    let time = showsTime ? "\(SystemClock.timeOfDay) " : ""
    let line = "\(time)swift-virtiofsd: \(event.level): \(event.message)\n"
    // Nobody is left to tell that the line could not be written.
    try? Descriptor.standardError.writeWhole(line)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}

/// Sends lines to the system log, which `Syslog.open` has connected to.
struct SyslogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  func log(event: LogEvent) {
    Syslog.write(Syslog.Priority(event.level), "\(event.message)")
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}

extension Syslog.Priority {
  /// The priority that stands for `level`.
  init(_ level: Logger.Level) {
    self =
      switch level {
      case .critical, .error: .error
      case .warning: .warning
      case .info, .notice: .information
      case .debug, .trace: .debug
      }
  }
}
