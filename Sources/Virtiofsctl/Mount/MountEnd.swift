internal import Frontend
internal import Linux

/// Why an attached mount ends.
enum MountEnd: Error, Equatable, Sendable {
  /// Somebody unmounted it.
  case unmounted
  /// The kernel ended the connection though the mount is there: somebody aborted it.
  case aborted
  /// We were told to.
  case signaled
  /// The back-end closed its socket.
  case disconnected
  /// What the back-end has not done in time: "answered READ".
  case silent(String, seconds: Int)
  /// The back-end broke a rule.
  case violation(String)
  /// A system call of ours failed; the text says which.
  case system(String, Errno)

  /// The end that an error of the driver's half means.
  init(_ error: FrontEndError, doing text: String) {
    self =
      switch error {
      case .disconnected: .disconnected
      case .timedOut: .violation("\(text): no answer in time")
      case .vringBroken: .violation("it says that a vring is broken")
      case .violation(let violation): .violation("\(violation)")
      case .system(let error): .system(text, error)
      case .reply(let error): .violation("\(text): it answers: \(error)")
      case .malformedReply, .refused, .notOffered, .ringFull, .outOfGuestMemory:
        .violation("\(text): \(error)")
      }
  }

  /// Whether the back-end can be expected to finish what it has.
  var leavesBackendAlive: Bool {
    switch self {
    case .unmounted, .aborted, .signaled: true
    case .disconnected, .silent, .violation, .system: false
    }
  }

  /// What the user is told; nothing at an end that was asked for.
  var failure: ToolError? {
    switch self {
    case .unmounted, .signaled: nil
    case .aborted:
      ToolError(message: "the mount was aborted from outside; it is gone", exitCode: 1)
    case .disconnected:
      ToolError(
        message: "the back-end closed the connection; the mount is gone, see the back-end's log",
        exitCode: 1)
    case .silent(let task, let seconds):
      ToolError(
        message: "the back-end has not \(task) for \(seconds) s (--timeout); "
          + "the mount is gone", exitCode: 1)
    case .violation(let text):
      ToolError(
        message: "the back-end does not keep to the protocol: \(text); the mount is gone",
        exitCode: 1)
    case .system(let text, let error):
      .failure("\(text): \(error); the mount is gone")
    }
  }
}
