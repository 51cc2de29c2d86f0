internal import Linux

/// The capture's time for one thread: read from the processor's counter, which costs a fraction of
/// asking the clock, and set by the clock again and again.
struct LaneClock {
  private let clock: CaptureClock
  /// What the clock said last, and the counter with it.
  private var time: UInt64 = 0
  private var ticks: UInt64 = 0
  /// The same some time ago: what both have done since tells how fast the counter goes.
  private var earlierTime: UInt64 = 0
  private var earlierTicks: UInt64 = 0
  /// Nanoseconds in 2^32 ticks; 0 as long as that is not known.
  private var rate: UInt64 = 0
  /// What was told last: times do not go back.
  private var latest: UInt64 = 0

  /// For how many ticks the clock is not asked again: a counter that stands still, or that another
  /// processor has another of, does no more harm than that.
  private static let mostTicks = TickCounter.ticks(microseconds: 50)
  /// How many ticks asking the clock takes at most.
  private static let closeTicks = TickCounter.ticks(microseconds: 3)
  /// How long the counter is watched, in nanoseconds, until its rate is known.
  private static let watchTime: UInt64 = 10_000_000

  /// A clock that tells the time of `clock`.
  init(_ clock: CaptureClock) {
    self.clock = clock
  }

  /// The time.
  @inline(__always)
  mutating func now() -> UInt64 {
    let ticks = TickCounter.now
    let passed = ticks &- self.ticks
    guard rate != 0, passed < Self.mostTicks else { return askClock(ticks) }
    // Below 2^54: a rate is that of a counter of 1 MHz at most.
    latest = max(latest, time &+ (passed &* rate) >> 32)
    return latest
  }

  private mutating func askClock(_ before: UInt64) -> UInt64 {
    time = clock.now
    ticks = TickCounter.now
    latest = max(latest, time)
    guard ticks &- before < Self.closeTicks else {
      // Whoever was let in between, the two do not belong together: asked again the next time.
      ticks &-= Self.mostTicks
      return latest
    }
    let (passed, passedTicks) = (time &- earlierTime, ticks &- earlierTicks)
    if passed >= Self.watchTime {
      let isUsual = earlierTime != 0 && passed < 1 << 31 && passedTicks > passed / 1000
      rate = isUsual ? (passed << 32) / passedTicks : 0
      (earlierTime, earlierTicks) = (time, ticks)
    }
    return latest
  }
}
