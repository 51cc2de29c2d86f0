internal import ArgumentParser
internal import Logging

/// How much is logged: the Rust virtiofsd's levels.
package enum LogLevel: String, CaseIterable, ExpressibleByArgument, Sendable {
  case error
  case warn
  case info
  case debug
  case trace
  case off

  /// The library's level; nil for nothing at all.
  var level: Logger.Level? {
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
