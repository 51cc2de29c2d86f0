internal import Linux

/// Looks for work in place of sleeping, for as long as that has been worth it.
///
/// A device's thread looks for requests, a driver's for answers; each tells what came of it.
package struct Lookout: Sendable {
  /// How long a look is where looks are short, and where they may be long.
  private var shortWindow = PollingWindow(most: 0)
  private var longWindow: PollingWindow
  private var longLooks = LongLooks()
  private let extent: Extent
  /// The longest window, in nanoseconds.
  private let most: Int
  /// Whether this look may be long.
  private var isLong = false
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

  private enum Extent {
    case none
    case short
    /// Long looks are tried.
    case long
  }

  /// - Parameter mostMicroseconds: The longest window; nil to look never.
  package init(mostMicroseconds: Int?) {
    most = (mostMicroseconds ?? 0) * 1000
    longWindow = PollingWindow(most: most)
    extent =
      switch mostMicroseconds {
      case nil: .none
      case .some(let most): most * 1000 > PollingWindow.least ? .long : .short
      }
  }

  /// All work is done.
  ///
  /// - Parameter count: How many requests have been taken so far, counted around; of no meaning
  ///   where looks are short.
  package mutating func begin(after count: UInt16 = 0) {
    idleSince = SystemClock.nanoseconds
    guard extent == .long else { return }
    let wasLong = isLong
    if longLooks.note(count, at: idleSince) { longWindow = PollingWindow(most: most) }
    isLong = longLooks.areDue
    // What is tried is to look, not to rest from it.
    if isLong && !wasLong { longWindow.endRest() }
  }

  /// Looks until `hasWork` or the window's end.
  ///
  /// - Returns: Whether there is work.
  package mutating func finds(_ hasWork: () -> Bool) -> Bool {
    guard extent != .none else { return false }
    let length = isLong ? longWindow.length : shortWindow.length
    guard length > 0 else { return false }
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
  package mutating func end(hasSlept: Bool, hasRequest: Bool) {
    if isLong {
      tell(&longWindow, hasSlept, hasRequest)
    } else {
      tell(&shortWindow, hasSlept, hasRequest)
    }
  }

  private func tell(_ window: inout PollingWindow, _ hasSlept: Bool, _ hasRequest: Bool) {
    if !hasRequest {
      window.waitedForOwnThreads()
    } else if hasSlept {
      window.sleptUntilWork(gap: SystemClock.nanoseconds - idleSince)
    } else {
      window.foundWork()
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
    if passed >= Self.shortestTimed, used * 10 < passed * 6 { longWindow.wasPreempted() }
  }
}
