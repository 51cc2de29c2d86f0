internal import Linux
internal import Synchronization

/// The thread that releases mounts which nobody uses any more.
///
/// There is none before a mount inside the share is used. While nothing is held it sleeps until it
/// is woken, so that an idle share costs no wake-ups.
final class MountKeeper: Sendable {
  /// How far apart two looks are, in milliseconds: a mount is released when it has not been used
  /// for that long, and before the double.
  static let interval = 2000

  /// Releases what is idle.
  ///
  /// - Returns: In how many milliseconds to look again; nil if nothing is held.
  typealias Look = @Sendable () -> Int?

  private enum Phase {
    case absent
    /// Until it is woken, or longer than an interval.
    case asleep
    case awake
  }

  private struct State {
    var look: Look?
    var phase = Phase.absent
    /// Somebody has called `wake` since the last look began.
    var hasNews = false
  }

  private let state = Lock(State())
  private let bell = Semaphore()
  private let ended = Semaphore()

  /// From now on mounts are looked after.
  func begin(_ look: @escaping Look) {
    state.withLock { $0.look = look }
  }

  /// No mount is looked after any more; returns when the thread is gone.
  ///
  /// - Parameter patience: How long it is waited for, in milliseconds: a host that does not answer
  ///   may hold it. What it uses lives as long as it does.
  func end(patience: Int = 5000) {
    let phase = state.withLock { state in
      state.look = nil
      return state.phase
    }
    guard phase != .absent else { return }
    bell.signal()
    _ = ended.wait(milliseconds: patience)
  }

  /// Something is held that was not before.
  func wake() {
    let before: Phase? = state.withLock { state in
      guard state.look != nil else { return nil }
      state.hasNews = true
      defer { state.phase = .awake }
      return state.phase
    }
    switch before {
    case .absent:
      // Without a thread mounts stay busy, until one can be had.
      let thread = try? Thread(name: "mounts") { self.run() }
      if thread == nil { giveUp() }
    case .asleep: bell.signal()
    case .awake, nil: break
    }
  }

  private func giveUp() {
    let isEnding = state.withLock { state in
      state.phase = .absent
      return state.look == nil
    }
    if isEnding { ended.signal() }
  }

  // MARK: The thread

  private func run() {
    var delay: Int? = Self.interval
    while true {
      // What is new is given its time.
      if sleep(delay), !isEnding { _ = sleep(Self.interval) }
      let look = state.withLock { state in
        state.hasNews = false
        state.phase = .awake
        return state.look
      }
      guard let look else { return ended.signal() }
      let wanted = look()
      delay = state.withLock { state in
        if state.hasNews { return min(wanted ?? Self.interval, Self.interval) }
        if wanted ?? .max > Self.interval { state.phase = .asleep }
        return wanted
      }
    }
  }

  private var isEnding: Bool { state.withLock { $0.look == nil } }

  /// - Returns: Whether it was woken.
  private func sleep(_ milliseconds: Int?) -> Bool {
    guard let milliseconds else {
      bell.wait()
      return true
    }
    return bell.wait(milliseconds: milliseconds)
  }
}
