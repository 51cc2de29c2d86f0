internal import Linux

/// Whether a driver that sleeps is called in the middle of a batch.
///
/// It needs as long to wake as a batch takes: called after the first answers it wakes while the
/// others are made, and from then on both sides are at work at once. But where the processor that
/// it needs is ours, or a third one's, it is better woken seldom, for much at a time. So both ways
/// are tried. Without EVENT_IDX a driver that is awake looks like one that sleeps.
///
/// A value that is asked each time that there are a few answers more: a *chance* to call.
struct EarlyCalls {
  /// The first way is to call early.
  private var ways = TriedByTurns(
    trialLengths: Self.answersPerTrial...Self.answersPerTrial, leastKeptTrials: 4)
  /// The last chance.
  private var lastAnswer: UInt16 = 0
  private var lastTime: UInt64 = 0

  static let answersPerTrial: UInt64 = 4096
  /// Between two chances more time than this is the driver's own, in which it wants nothing.
  static let mostTicks = TickCounter.ticks(microseconds: 200)

  /// Whether the driver may be called now, at `now` ticks, for the answers before the used index
  /// `answer`.
  mutating func isDue(_ answer: UInt16, _ now: UInt64) -> Bool {
    ways.note(UInt64(answer &- lastAnswer), in: min(now &- lastTime, Self.mostTicks))
    (lastTime, lastAnswer) = (now, answer)
    return ways.isFirst
  }
}
