/// Why the daemon does not start or ends badly, for the operator: one line, and an exit code.
package struct StartupError: Error, Equatable {
  /// What is wrong and what to do, without a line break.
  package let message: String
  /// 64 (`EX_USAGE`) for a wrong option, 1 for a host that cannot.
  package let exitCode: Int32

  /// The options are wrong.
  package static func usage(_ message: String) -> StartupError {
    StartupError(message: message, exitCode: 64)
  }

  /// The options are right, and the host cannot do it.
  package static func failure(_ message: String) -> StartupError {
    StartupError(message: message, exitCode: 1)
  }
}
