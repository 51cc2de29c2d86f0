internal import Synchronization

/// Lets ten lines through at once and one a second after that, so that a guest cannot fill the log.
final class LineLimiter: Sendable {
  /// What is to become of a line.
  enum Verdict: Equatable {
    case write(suppressed: Int)
    case drop
  }

  private struct State {
    /// How many lines may go through at once.
    var allowance = LineLimiter.burst
    /// When `allowance` was last counted up.
    var since: Duration = .zero
    var suppressed = 0
  }

  /// How many lines may go through at once.
  static let burst = 10

  private let state = Mutex(State())

  /// Decides about a line that comes at `now`, a time of a clock that does not go back.
  func admit(at now: Duration) -> Verdict {
    state.withLock { state in
      let seconds = Int(clamping: (now - state.since).components.seconds)
      if seconds > 0 {
        state.allowance = min(state.allowance + min(seconds, Self.burst), Self.burst)
        state.since = now
      }
      guard state.allowance > 0 else {
        state.suppressed += 1
        return .drop
      }
      state.allowance -= 1
      defer { state.suppressed = 0 }
      return .write(suppressed: state.suppressed)
    }
  }
}
