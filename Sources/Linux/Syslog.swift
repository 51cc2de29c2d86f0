internal import CLinux

/// The system log: syslog(3).
package enum Syslog {
  /// How grave a line is: the C constants are `LOG_ERR`, `LOG_WARNING`, `LOG_INFO`, `LOG_DEBUG`.
  package enum Priority: Sendable {
    case error
    case warning
    case information
    case debug

    fileprivate var rawValue: Int32 {
      switch self {
      case .error: LOG_ERR
      case .warning: LOG_WARNING
      case .information: LOG_INFO
      case .debug: LOG_DEBUG
      }
    }
  }

  /// Connects as `name`, now: after chroot(2) the log's socket cannot be found any more.
  package static func open(as name: StaticString) {
    // SAFETY: openlog keeps the pointer, and a static string lives as long as the process.
    unsafe name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) {
      unsafe openlog($0, LOG_PID | LOG_NDELAY, LOG_USER)
    }
  }

  /// Sends one line.
  package static func write(_ priority: Priority, _ line: String) {
    // SAFETY: the pointer is a terminated copy of the line, used only in the closure.
    unsafe line.withCString { unsafe swift_syslog(priority.rawValue, $0) }
  }
}
