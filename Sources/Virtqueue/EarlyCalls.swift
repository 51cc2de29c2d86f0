/// Whether a driver that sleeps is called in the middle of a batch.
///
/// It needs as long to wake as a batch takes: called after the first answers it wakes while the
/// others are made, and from then on both sides are at work at once. But where the processor that
/// it needs is ours, or a third one's, it is better woken seldom, for much at a time. Nobody tells
/// which it is, so both ways are tried in turn, and the faster one is kept for a while.
///
/// A value that is asked each time that there are a few answers more: a *chance* to call.
struct EarlyCalls {
  private enum Term {
    case tryingEarly, tryingLate, keeping
  }

  private var term = Term.keeping
  /// Whether the driver is called early in this term.
  private var isEarly = true
  /// The chances that are left of this term.
  private var chancesLeft = 0
  /// When the term began, in nanoseconds.
  private var begin = 0
  /// How long the term lasted in which the driver was called early.
  private var earlyTime = 0
  /// How many terms the faster way is kept.
  private var keptTerms = Self.leastKeptTerms
  private var wasEarlyFaster = true

  /// Long beside the few milliseconds for which a processor is lent to others.
  static let chancesPerTerm = 512
  static let leastKeptTerms = 4
  static let mostKeptTerms = 64

  /// Whether the driver may be called now, at `now` nanoseconds.
  @inline(__always)
  mutating func isDue(_ now: @autoclosure () -> Int) -> Bool {
    if chancesLeft == 0 { beginNextTerm(now()) }
    chancesLeft -= 1
    return isEarly
  }

  private mutating func beginNextTerm(_ now: Int) {
    let passed = now - begin
    begin = now
    chancesLeft = Self.chancesPerTerm
    switch term {
    case .keeping:
      term = .tryingEarly
      isEarly = true
    case .tryingEarly:
      term = .tryingLate
      isEarly = false
      earlyTime = passed
    case .tryingLate:
      term = .keeping
      isEarly = earlyTime <= passed
      // What has proved itself twice is kept for longer.
      keptTerms =
        isEarly == wasEarlyFaster ? min(2 * keptTerms, Self.mostKeptTerms) : Self.leastKeptTerms
      wasEarlyFaster = isEarly
      chancesLeft *= keptTerms
    }
  }
}
