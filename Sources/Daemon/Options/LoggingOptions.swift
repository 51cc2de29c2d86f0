package import ArgumentParser
package import Logging

/// What is logged, and where.
package struct LoggingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Log this and what is more severe.", valueName: "level"))
  package var logLevel = LogLevel.info

  @Flag(help: "Log to syslog instead of standard error.")
  package var syslog = false

  package init() {}
}

/// How much is logged: the Rust virtiofsd's levels.
package enum LogLevel: String, CaseIterable, ExpressibleByArgument, Sendable {
  case error
  case warn
  case info
  case debug
  case trace
  case off

  /// The library's level; nil for nothing at all.
  package var level: Logger.Level? {
    switch self {
    case .error: .error
    case .warn: .warning
    case .info: .info
    case .debug: .debug
    case .trace: .trace
    case .off: nil
    }
  }
}
