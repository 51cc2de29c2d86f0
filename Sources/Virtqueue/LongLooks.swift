/// Whether a thread looks for work for longer than going to sleep takes.
///
/// A maker of requests that is awake is served sooner by one who looks. But it may need the
/// processor that is looked on, or others may on the way from it to here: where all that takes part
/// fits one processor, handing that over is cheaper than waking another. So both ways are tried,
/// short looks first: of what is over soon not much is lost.
///
/// A value, told at each rest what was done since the last. Times are in nanoseconds.
struct LongLooks {
  /// The first way is to look shortly.
  private var ways = Self.untried
  /// The last rest: how many requests had been taken, counted around, and when it was.
  private var lastCount: UInt16 = 0
  private var lastTime = 0
  /// How many requests more do not count: threads still move to where they stay.
  private var unsettled = 0

  private static let untried = TriedByTurns(trialLengths: 64...4096, leastKeptTrials: 16)
  static let settlingLength = 16
  /// More time than this between two rests is not all ours: a pause, or a disk.
  static let mostTime = 200_000

  /// After so long between two rests, most likely a pause, it is all new.
  static let longPause = 20_000_000

  /// Whether looks may be long now.
  var areDue: Bool { !ways.isFirst }

  /// All work is done, at `now`, and so many requests have been taken, counted around.
  ///
  /// - Returns: Whether all begins anew.
  mutating func note(_ count: UInt16, at now: Int) -> Bool {
    let (done, time) = (Int(count &- lastCount), now - lastTime)
    (lastCount, lastTime) = (count, now)
    guard time < Self.longPause else {
      // Who comes now need not be who went.
      ways = Self.untried
      unsettled = Self.settlingLength
      return true
    }
    guard unsettled <= 0 else {
      unsettled -= done
      return false
    }
    let areDue = areDue
    ways.note(UInt64(done), in: UInt64(min(max(time, 0), Self.mostTime)))
    if areDue != self.areDue { unsettled = Self.settlingLength }
    return false
  }
}
