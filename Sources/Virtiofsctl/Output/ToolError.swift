/// Why a command could not do its work: one line for the user, and the exit code.
///
/// 1 is for work that was done and found a difference or a fault, 2 for work that could not be
/// done, 64 for a wrong command line.
struct ToolError: Error, Equatable, Sendable {
  /// What is wrong and what to do, without the program's name.
  var message: String
  /// How the process is to end.
  var exitCode: Int32

  /// Work that could not be done.
  static func failure(_ message: String) -> ToolError {
    ToolError(message: message, exitCode: 2)
  }

  /// A command line that asks for what there is not.
  static func usage(_ message: String) -> ToolError {
    ToolError(message: message, exitCode: 64)
  }
}
