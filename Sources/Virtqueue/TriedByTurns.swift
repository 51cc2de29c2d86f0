/// Two ways of working, tried in turn; the one whose work takes less time is kept for a while, as
/// long as it does not take far more than when it was tried.
///
/// For what nobody tells and everything decides: which processors are whose, how long a thread
/// takes to wake. A value, told what work has cost; it knows no clock, and takes any unit of time.
struct TriedByTurns {
  private enum Term {
    case unbegun, tryingFirst, tryingSecond, keeping
  }

  /// What some work took.
  private struct Cost {
    var time: UInt64 = 0
    var count: UInt64 = 0

    /// Whether a piece of work cost less than one of `other` by more than chance.
    func isLess(than other: Cost) -> Bool {
      time * other.count * 16 < other.time * count * 15
    }

    /// Whether a piece of work cost half as much again as one of `other`.
    func isFarMore(than other: Cost) -> Bool {
      time * other.count * 2 > other.time * count * 3
    }
  }

  /// Whether this term is worked in the first way.
  private(set) var isFirst = true
  private var term = Term.unbegun
  /// Whether it is the first way that is kept between two trials.
  private var keepsFirst = true
  private let mostTrialLength: UInt64
  /// How many trials long the better way is kept.
  private var keptTrials: UInt64
  private let leastKeptTrials: UInt64
  /// How much work a trial is, after which it ends, or the way that is kept is looked at.
  private var trialLength: UInt64
  /// How many trials long it is still kept.
  private var trialsLeft: UInt64 = 0
  /// What the term has cost so far, and what the last one did that tried the first way.
  private var cost = Cost()
  private var firstCost = Cost()
  /// What the way that is kept cost when that was last measured for a trial.
  private var keptCost = Cost()
  /// For how long it has been kept.
  private var keptTime: UInt64 = 0
  private var trialCount: UInt64 = 0

  static let mostKeptTrials: UInt64 = 64
  /// A trial of the other way may take longer by this part of the time between two trials.
  static let keptTimePart: UInt64 = 32
  /// More is not counted for one term, so that nothing overflows: tens of seconds of nanoseconds or
  /// of a processor's ticks.
  private static let mostTime: UInt64 = 1 << 36

  /// - Parameters:
  ///   - trialLengths: How much work the first trial is, and the longest: the third and those after
  ///     it are four times as long as the one before, for what shows only after a while.
  ///   - leastKeptTrials: How many trials long a way is kept, until it has proved itself again.
  init(trialLengths: ClosedRange<UInt64>, leastKeptTrials: UInt64) {
    trialLength = trialLengths.lowerBound
    mostTrialLength = trialLengths.upperBound
    keptTrials = leastKeptTrials
    self.leastKeptTrials = leastKeptTrials
  }

  /// So much work has taken so long; the first time it is not known since when.
  mutating func note(_ count: UInt64, in time: UInt64) {
    guard term != .unbegun else { return term = .tryingFirst }
    cost.time = min(cost.time + time, Self.mostTime)
    cost.count += count
    if cost.count >= trialLength || isTooDear { beginNextTerm() }
  }

  /// Whether this term has tried the other way, and that has cost more than it may.
  private var isTooDear: Bool {
    guard term != .keeping, isFirst != keepsFirst, trialCount > 0, keptCost.count > 0 else {
      return false
    }
    return cost.time > keptCost.time * cost.count / keptCost.count + keptTime / Self.keptTimePart
  }

  private mutating func beginNextTerm() {
    switch term {
    case .unbegun: break
    case .keeping:
      keptTime += cost.time
      let isOver = trialsLeft <= 1
      guard isOver || cost.isFarMore(than: keptCost) else {
        trialsLeft -= 1
        break
      }
      // What is tried now is to be compared with what the way that is kept costs now.
      keptCost = cost
      term = .tryingFirst
      isFirst = true
      if isOver, trialCount > 1 { trialLength = min(4 * trialLength, mostTrialLength) }
    case .tryingFirst:
      term = .tryingSecond
      firstCost = cost
      if keepsFirst { keptCost = cost }
      isFirst = false
    case .tryingSecond:
      term = .keeping
      judge()
      isFirst = keepsFirst
      trialsLeft = keptTrials
      keptTime = 0
    }
    cost = Cost()
  }

  /// Decides which way is kept, and for how long.
  private mutating func judge() {
    let (kept, other) = keepsFirst ? (firstCost, cost) : (cost, firstCost)
    keptCost = kept
    if other.isLess(than: kept) {
      keepsFirst.toggle()
      keptCost = other
      keptTrials = leastKeptTrials
    } else if trialCount > 0, trialLength == mostTrialLength {
      keptTrials = min(2 * keptTrials, Self.mostKeptTrials)
    }
    trialCount += 1
  }
}
