import Testing

@testable import Virtqueue

/// How long a thread looks for work depends on what it was good for. Times are in nanoseconds.
@Suite struct PollingWindowTests {
  private static let most = 50_000
  /// A request came so long after the last that a longer look would have found it.
  private static let soon = 40_000
  /// A request came so late that no look would have.
  private static let late = 300_000

  private static func open() -> PollingWindow {
    var window = PollingWindow(most: most)
    for _ in 0..<10 where window.length < most { window.sleptUntilWork(gap: soon) }
    return window
  }

  /// A front-end that answers at once is never slept for: that takes both longer than the look.
  @Test(arguments: [0, 1000, PollingWindow.least])
  func looksForAMomentWhateverTheBound(_ most: Int) {
    var window = PollingWindow(most: most)
    #expect(window.length == PollingWindow.least)
    for gap in [Self.late, PollingWindow.longIdleness, 1000] {
      window.sleptUntilWork(gap: gap)
      #expect(window.length == PollingWindow.least)
    }
  }

  @Test(arguments: [0, most])
  func restsWhateverTheBoundWhenWorkComesJustAfterTheLook(_ most: Int) {
    var window = PollingWindow(most: most)
    var rested = 0
    for _ in 0..<1000 {
      if window.length == 0 { rested += 1 }
      window.sleptUntilWork(gap: window.length + 1000)
    }
    #expect(rested > 900)
  }

  @Test func beginsWithAShortLook() {
    #expect(PollingWindow(most: Self.most).length == PollingWindow.least)
  }

  @Test func opensInFewStepsWhenWorkComesSoonAfterFallingAsleep() {
    var window = PollingWindow(most: Self.most)
    var lengths: [Int] = []
    for _ in 0..<5 {
      window.sleptUntilWork(gap: Self.soon)
      lengths.append(window.length)
    }
    #expect(lengths == lengths.sorted())
    #expect(lengths.last == Self.most)
  }

  @Test func staysOpenWhileItIsOfUse() {
    var window = Self.open()
    for _ in 0..<100 {
      window.foundWork()
      window.sleptUntilWork(gap: Self.late)
      window.foundWork()
      window.sleptUntilWork(gap: Self.late)
    }
    #expect(window.length == Self.most)
  }

  @Test func narrowsWhenLooksAreInVain() {
    var window = Self.open()
    for _ in 0..<PollingWindow.mostFailures { window.sleptUntilWork(gap: Self.late) }
    #expect(window.length == Self.most / 2)
    for _ in 0..<30 { window.sleptUntilWork(gap: Self.late) }
    #expect(window.length == PollingWindow.least)
  }

  @Test func beginsAnewAfterLongIdleness() {
    var window = Self.open()
    window.sleptUntilWork(gap: PollingWindow.longIdleness)
    #expect(window.length == PollingWindow.least)
  }

  /// Work that comes just after each look, because its maker needs our processor or takes a little
  /// longer than we may look, is waited for asleep: at most a few looks in a thousand sleeps.
  @Test func restsWhenWorkAlwaysComesJustAfterTheLook() {
    var window = PollingWindow(most: Self.most)
    for _ in 0..<5000 { window.sleptUntilWork(gap: window.length + 10_000) }
    var looked = 0
    for _ in 0..<3000 {
      looked += window.length
      window.sleptUntilWork(gap: window.length + 10_000)
    }
    #expect(looked > 0, "it must try again")
    #expect(looked < 3000 * 400, "\(looked)")
  }

  @Test func aRestEndsAndGetsShorterWithUse() {
    var window = Self.open()
    for _ in 0..<PollingWindow.mostFailures { window.sleptUntilWork(gap: Self.soon) }
    #expect(window.length == 0)
    for _ in 0..<PollingWindow.leastRest { window.sleptUntilWork(gap: Self.soon) }
    #expect(window.length == PollingWindow.least)
  }

  @Test func narrowsWhenOnlyOurOwnThreadsAreWaitedFor() {
    var window = Self.open()
    for _ in 0..<PollingWindow.mostFailures * 10 { window.waitedForOwnThreads() }
    #expect(window.length == PollingWindow.least)
    window.sleptUntilWork(gap: Self.soon)
    #expect(window.length > PollingWindow.least)
  }

  @Test func halvesWhenSomebodyElseWantsTheProcessor() {
    var window = Self.open()
    window.wasPreempted()
    #expect(window.length == Self.most / 2)
    for _ in 0..<10 { window.wasPreempted() }
    #expect(window.length == 0)
  }
}
