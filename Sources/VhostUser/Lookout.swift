internal import Linux

/// Looks for work in place of sleeping, for as long as that has been worth it.
struct Lookout {
  /// None for a thread that never looks.
  private var window: PollingWindow?
  /// When the last work was done.
  private var idleSince: Int = 0
  /// Lookouts until the next one that is timed.
  private var untimed = 0

  /// Between two looks at the clock: a fraction of a microsecond.
  private static let looksPerTime = 8
  /// One in so many long lookouts is timed on the thread's own clock, which costs two calls.
  private static let timedOneIn = 8
  /// Less says nothing about whether the processor was ours.
  private static let shortestTimed: Int = 5_000

  /// - Parameter mostMicroseconds: The longest window; nil to look never.
  init(mostMicroseconds: Int?) {
    window = mostMicroseconds.map { PollingWindow(most: $0 * 1000) }
  }

  /// All work is done.
  mutating func begin() {
    idleSince = SystemClock.nanoseconds
  }

  /// Looks until `hasWork` or the window's end.
  ///
  /// - Returns: Whether there is work.
  mutating func finds(_ hasWork: () -> Bool) -> Bool {
    guard let length = window?.length, length > 0 else { return false }
    let clock = startTiming(length)
    let found = Self.look(until: idleSince + length, hasWork)
    if let clock { endTiming(clock) }
    return found
  }

  /// The look, or the sleep after it, is over.
  ///
  /// - Parameters:
  ///   - hasSlept: Whether the look was in vain.
  ///   - hasRequest: Whether the driver or a device ended it, and no thread of ours.
  mutating func end(hasSlept: Bool, hasRequest: Bool) {
    if !hasRequest {
      window?.waitedForOwnThreads()
    } else if hasSlept {
      window?.sleptUntilWork(gap: SystemClock.nanoseconds - idleSince)
    } else {
      window?.foundWork()
    }
  }

  private static func look(until end: Int, _ hasWork: () -> Bool) -> Bool {
    repeat {
      for _ in 0..<looksPerTime {
        if hasWork() { return true }
        spinHint()
      }
    } while SystemClock.nanoseconds < end
    return false
  }

  // MARK: Whether the processor is ours

  private mutating func startTiming(_ length: Int) -> Int? {
    guard length >= Self.shortestTimed else { return nil }
    untimed -= 1
    guard untimed < 0 else { return nil }
    untimed = Self.timedOneIn - 1
    return SystemClock.threadNanoseconds
  }

  private mutating func endTiming(_ start: Int) {
    let used = SystemClock.threadNanoseconds - start
    let passed = SystemClock.nanoseconds - idleSince
    if passed >= Self.shortestTimed, used * 10 < passed * 6 { window?.wasPreempted() }
  }
}
