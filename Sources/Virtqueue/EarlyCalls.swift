internal import Linux

/// Whether a driver that sleeps is called in the middle of a batch.
///
/// It needs as long to wake as a batch takes: called after the first answers it wakes while the
/// others are made, and from then on both sides are at work at once. But where the processor that
/// it needs is ours, or a third one's, it is better woken seldom, for much at a time. Nobody tells
/// which it is, so both ways are tried in turn, and the one whose answers take less time is kept
/// for a while. Without EVENT_IDX a driver that is awake looks like one that sleeps.
///
/// A value that is asked each time that there are a few answers more: a *chance* to call.
struct EarlyCalls {
  private enum Term {
    case tryingEarly, tryingLate, keeping
  }

  /// What a number of answers took, in ticks.
  private struct Cost {
    var ticks: UInt64 = 0
    var answerCount: UInt64 = 0

    /// Whether an answer cost less than `other`'s by more than chance.
    func isLess(than other: Cost) -> Bool {
      ticks * other.answerCount * 16 < other.ticks * answerCount * 15
    }
  }

  private var term = Term.keeping
  /// Whether the driver is called early in this term.
  private var isEarly = true
  /// Whether it is called early in the terms between two trials.
  private var keepsEarly = true
  /// After how many answers the term ends.
  private var termLength: UInt64 = 0
  /// What the term has cost so far, and what the last one did in which the driver was called early.
  private var cost = Cost()
  private var earlyCost = Cost()
  /// How many terms the better way is kept; the first trial has nothing to confirm.
  private var keptTerms = Self.leastKeptTerms / 2
  /// The last chance.
  private var lastAnswer: UInt16 = 0
  private var lastTime: UInt64 = 0

  static let answersPerTerm: UInt64 = 4096
  static let leastKeptTerms: UInt64 = 4
  static let mostKeptTerms: UInt64 = 64
  /// Between two chances more time than this is the driver's own, in which it wants nothing.
  static let mostTicks = TickCounter.ticks(microseconds: 200)

  /// Whether the driver may be called now, at `now` ticks, for the answers before the used index
  /// `answer`.
  mutating func isDue(_ answer: UInt16, _ now: UInt64) -> Bool {
    cost.ticks += min(now &- lastTime, Self.mostTicks)
    cost.answerCount += UInt64(answer &- lastAnswer)
    (lastTime, lastAnswer) = (now, answer)
    if cost.answerCount >= termLength { beginNextTerm() }
    return isEarly
  }

  private mutating func beginNextTerm() {
    termLength = Self.answersPerTerm
    switch term {
    case .keeping:
      term = .tryingEarly
      isEarly = true
    case .tryingEarly:
      term = .tryingLate
      earlyCost = cost
      isEarly = false
    case .tryingLate:
      term = .keeping
      let (kept, other) = keepsEarly ? (earlyCost, cost) : (cost, earlyCost)
      // What has proved itself again is kept for longer.
      if other.isLess(than: kept) {
        keepsEarly.toggle()
        keptTerms = Self.leastKeptTerms
      } else {
        keptTerms = min(2 * keptTerms, Self.mostKeptTerms)
      }
      isEarly = keepsEarly
      termLength *= keptTerms
    }
    cost = Cost()
  }
}
