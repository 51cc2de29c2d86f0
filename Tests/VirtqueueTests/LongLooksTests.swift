import Testing

@testable import Virtqueue

/// Whether looks may be long follows from what that has brought. Times are in nanoseconds.
@Suite struct LongLooksTests {
  /// A thread that serves one request after another, and rests after each.
  private struct Thread {
    var looks = LongLooks()
    var count: UInt16 = 65_500
    var now = 1_000_000_000

    /// Serves `number` requests, at a cost each, as its way of looking brings.
    ///
    /// - Returns: For which part of them looks were long.
    mutating func serve(_ number: Int, short: Int, long: Int, pauseEach: Int = .max) -> Double {
      let longCount = serve(number) { request, isLong in
        (isLong ? long : short) + (request % pauseEach == 0 ? LongLooks.longPause : 0)
      }
      return Double(longCount) / Double(number)
    }

    /// Serves `number` requests, numbered from 1, each of which takes what `time` says.
    ///
    /// - Returns: For how many of them looks were long.
    mutating func serve(_ number: Int, time: (_ request: Int, _ isLong: Bool) -> Int) -> Int {
      var longCount = 0
      for request in 1...number {
        _ = looks.note(count, at: now)
        if looks.areDue { longCount += 1 }
        now += time(request, looks.areDue)
        count &+= 1
      }
      return longCount
    }
  }

  /// What is over soon is not served by long looks at all.
  @Test func beginsShortly() {
    var thread = Thread()
    #expect(thread.serve(64, short: 30_000, long: 2_000) == 0)
    var other = Thread()
    #expect(other.serve(2000, short: 30_000, long: 2_000, pauseEach: 60) == 0)
  }

  @Test(arguments: [
    (24_000, 1_200, 0.9...0.999), (24_000, 40_000, 0.01...0.12), (24_000, 24_000, 0.01...0.12),
  ])
  func keepsToTheFasterWay(_ short: Int, _ long: Int, _ expected: ClosedRange<Double>) {
    var thread = Thread()
    let part = thread.serve(20_000, short: short, long: long)
    #expect(expected.contains(part), "\(part)")
  }

  /// What takes a while to be of use is found by a load that lasts.
  @Test func isTriedForLongerAndLonger() {
    var thread = Thread()
    var sinceChange = 0
    func time(_ request: Int, _ isLong: Bool) -> Int {
      sinceChange = isLong ? sinceChange + 1 : 0
      return isLong ? (sinceChange < 500 ? 40_000 : 8_000) : 24_000
    }
    _ = thread.serve(50_000, time: time)
    let longCount = thread.serve(50_000, time: time)
    #expect(longCount > 40_000, "\(longCount)")
  }

  /// The threads move, and what was cheap is dear: there is no need to wait until it is time.
  @Test func isTriedAnewWhenWorkTakesFarLonger() {
    var thread = Thread()
    _ = thread.serve(8_000, short: 24_000, long: 40_000)
    let part = thread.serve(8_000, short: 60_000, long: 20_000)
    #expect(part > 0.6, "\(part)")
  }

  /// A slow request says nothing of how one waits for the next; one that is slow because we looked
  /// does.
  @Test(arguments: [true, false])
  func slowRequestsCountWhereOneWayMakesThem(_ areSlowBothWays: Bool) {
    var thread = Thread()
    let longCount = thread.serve(20_000) { request, isLong in
      let isSlow = request % 10 == 0 && (isLong || areSlowBothWays)
      return isSlow ? 5_000_000 : isLong ? 10_000 : 24_000
    }
    #expect((longCount > 15_000) == areSlowBothWays, "\(longCount)")
    #expect((longCount < 3_000) == !areSlowBothWays, "\(longCount)")
  }

  /// Both ways have become dear, and the other less so, but only after a while.
  @Test func theOtherWayIsMeasuredByWhatThisOneCostsNow() {
    var thread = Thread()
    _ = thread.serve(8_000, short: 24_000, long: 40_000)
    let part = thread.serve(40_000, short: 60_000, long: 40_000)
    #expect(part > 0.6, "\(part)")
  }
}
