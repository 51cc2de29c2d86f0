/// How long a queue's thread looks for work before it sleeps: adaptive polling.
///
/// To wake a thread costs both sides tens of microseconds, to look costs a processor that somebody
/// else may need. So the window opens when work turns out to come soon after the thread went to
/// sleep, and closes when looking was in vain. Times are in nanoseconds.
///
/// A value, told by the loop what happened; it knows no clock.
struct PollingWindow {
  /// The bound, never less than `least`.
  private let most: Int
  /// How far the window is open; 0 or `least` and more.
  private var opening: Int = 0
  /// How often in a row the window was too short.
  private var failures = 0
  /// The sleeps for which the window stays shut, because looking is of no use or does harm.
  private var restingSleeps = 0
  /// How many they are the next time.
  private var nextRest = Self.leastRest

  /// Whoever answers at once is answered within this: looked for always, but for a rest. It is
  /// about what going to sleep takes anyway.
  static let least: Int = 2_000
  /// After so long without work the window begins anew.
  static let longIdleness: Int = 1_000_000
  /// What a sleep lasts beyond the moment at which its end was caused.
  static let wakingTime: Int = 50_000
  static let mostFailures = 3
  static let leastRest = 16
  static let mostRest = 1024

  /// - Parameter most: The longest window; `least` if that is longer.
  init(most: Int) {
    self.most = max(most, Self.least)
  }

  /// How long to look before the next sleep.
  var length: Int {
    restingSleeps > 0 ? 0 : max(opening, Self.least)
  }

  /// Work was found while looking.
  mutating func foundWork() {
    failures = 0
    nextRest = max(nextRest / 2, Self.leastRest)
  }

  /// No request ended the look or the sleep, but a thread that works for us.
  ///
  /// Such a thread needs a processor more than somebody who waits for it.
  mutating func waitedForOwnThreads() {
    if restingSleeps > 0 { restingSleeps -= 1 }
    fail { $0.narrow() }
  }

  /// Looking was in vain, and the thread slept; work came `gap` after the last was done.
  mutating func sleptUntilWork(gap: Int) {
    if restingSleeps > 0 {
      restingSleeps -= 1
    } else if gap >= Self.longIdleness {
      opening = 0
      failures = 0
    } else if gap > most + Self.wakingTime {
      fail { $0.narrow() }
    } else if opening < most {
      opening = min(2 * opening + 5_000, most)
      failures = 0
    } else {
      // Work comes soon, and yet not while we look: later than the window can be open, or it is we
      // who keep its maker from running.
      fail { $0.rest() }
    }
  }

  /// Somebody else wanted the processor while we looked.
  mutating func wasPreempted() {
    failures = 0
    opening > Self.least ? narrow() : rest()
  }

  /// Looks again, whatever looking was good for.
  mutating func endRest() {
    restingSleeps = 0
  }

  private mutating func fail(_ consequence: (inout PollingWindow) -> Void) {
    failures += 1
    guard failures == Self.mostFailures else { return }
    failures = 0
    consequence(&self)
  }

  private mutating func narrow() {
    opening /= 2
    if opening < Self.least { opening = 0 }
  }

  private mutating func rest() {
    opening = 0
    restingSleeps = nextRest
    nextRest = min(2 * nextRest, Self.mostRest)
  }
}
