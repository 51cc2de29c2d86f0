import Testing

@testable import Virtqueue

/// Whether a driver is called within a batch follows from what that has brought.
@Suite struct EarlyCallsTests {
  /// A driver, and the time that its answers take.
  private struct Driver {
    var calls = EarlyCalls()
    var answer: UInt16 = 65000
    var now: UInt64 = 77

    /// Lets `count` chances pass, each with as many answers, at a cost each, as its way brings.
    ///
    /// - Returns: Of how many parts of the answers the driver was called early.
    mutating func pass(
      _ count: Int, early: (answers: UInt16, ticks: UInt64), late: (answers: UInt16, ticks: UInt64),
      pauseEach: Int = .max
    ) -> Double {
      var (earlyCount, sum) = (0, 0)
      for number in 1...count {
        let isEarly = calls.isDue(answer, now)
        let way = isEarly ? early : late
        if isEarly { earlyCount += Int(way.answers) }
        sum += Int(way.answers)
        answer &+= way.answers
        now += UInt64(way.answers) * way.ticks
        if number % pauseEach == 0 { now += 3_000_000_000 }
      }
      return Double(earlyCount) / Double(sum)
    }
  }

  @Test func beginsByCalling() {
    var driver = Driver()
    let isDue = driver.calls.isDue(driver.answer, driver.now)
    #expect(isDue)
  }

  /// Whatever the number of answers to a chance is: it depends on the way itself.
  @Test(arguments: [8, 15] as [UInt16], [8, 15] as [UInt16])
  func keepsToTheFasterWayAndTriesTheOtherNowAndThen(_ early: UInt16, _ late: UInt16) {
    let cases: [(early: UInt64, late: UInt64, ClosedRange<Double>)] = [
      (1000, 1400, 0.95...0.99), (1400, 1000, 0.01...0.05),
    ]
    for (earlyCost, lateCost, share) in cases {
      var driver = Driver()
      let part = driver.pass(150_000, early: (early, earlyCost), late: (late, lateCost))
      #expect(share.contains(part), "\(part)")
    }
  }

  /// In a pause nobody is slow.
  @Test func pausesAreNobodysCost() {
    var driver = Driver()
    let part = driver.pass(150_000, early: (8, 1000), late: (8, 1400), pauseEach: 300)
    #expect(part > 0.95, "\(part)")
  }

  /// What is equal but for chance stays as it is.
  @Test func doesNotChangeForLittle() {
    var driver = Driver()
    let part = driver.pass(150_000, early: (8, 1030), late: (8, 1000))
    #expect(part > 0.95, "\(part)")
  }

  /// The processor that the driver needs has become another's, and later its own again.
  @Test func followsWhatChanges() {
    var driver = Driver()
    let longest = Int((TriedByTurns.mostKeptTrials + 2) * EarlyCalls.answersPerTrial) / 8
    for (early, late) in [(10, 14), (14, 10), (10, 14)] as [(UInt64, UInt64)] {
      _ = driver.pass(2 * longest, early: (8, early), late: (8, late))
      let part = driver.pass(longest, early: (8, early), late: (8, late))
      #expect((part > 0.5) == (early < late), "\(early) \(late) \(part)")
    }
  }
}
