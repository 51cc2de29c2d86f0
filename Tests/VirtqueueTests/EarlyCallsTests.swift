import Testing

@testable import Virtqueue

/// Whether a driver is called within a batch follows from what that has brought.
@Suite struct EarlyCallsTests {
  /// Lets `count` chances pass; each takes as many nanoseconds as its way costs.
  ///
  /// - Returns: How many of them were used to call.
  private static func pass(
    _ count: Int, of calls: inout EarlyCalls, from now: inout Int, early: Int, late: Int
  ) -> Int {
    var callCount = 0
    for _ in 0..<count {
      let isEarly = calls.isDue(now)
      if isEarly { callCount += 1 }
      now += isEarly ? early : late
    }
    return callCount
  }

  @Test func beginsByCalling() {
    var calls = EarlyCalls()
    let isDue = calls.isDue(0)
    #expect(isDue)
  }

  @Test(arguments: [(10_000, 14_000, 0.95...0.99), (14_000, 10_000, 0.01...0.05)])
  func keepsToTheFasterWayAndTriesTheOtherNowAndThen(
    _ early: Int, _ late: Int, _ share: ClosedRange<Double>
  ) {
    var calls = EarlyCalls()
    var now = 5
    let count = 150_000
    let callCount = Self.pass(count, of: &calls, from: &now, early: early, late: late)
    #expect(share.contains(Double(callCount) / Double(count)), "\(callCount)")
  }

  /// The processor that the driver needs has become another's, and later its own again.
  @Test func followsWhatChanges() {
    var calls = EarlyCalls()
    var now = 0
    let longest = (EarlyCalls.mostKeptTerms + 2) * EarlyCalls.chancesPerTerm
    for (early, late) in [(10, 14), (14, 10), (10, 14)] {
      _ = Self.pass(2 * longest, of: &calls, from: &now, early: early, late: late)
      let callCount = Self.pass(longest, of: &calls, from: &now, early: early, late: late)
      #expect((callCount > longest / 2) == (early < late), "\(early) \(late) \(callCount)")
    }
  }

  @Test func readsTheClockOnceATerm() {
    var calls = EarlyCalls()
    var looks = 0
    func clock() -> Int {
      looks += 1
      return looks
    }
    for _ in 0..<10 * EarlyCalls.chancesPerTerm { _ = calls.isDue(clock()) }
    #expect((1...10).contains(looks))
  }
}
