import Linux
import Testing

@testable import VhostUser

/// A look ends with work or with the window, and there is none where it could only do harm.
@Suite struct LookoutTests {
  @Test(arguments: [(0, 2), (50, 1)])
  func neverLooksWhereThatIsUnwantedOrHarmful(_ microseconds: Int, _ processors: Int) {
    var lookout = Lookout(mostMicroseconds: microseconds, processorCount: processors)
    for _ in 0..<20 {
      lookout.begin()
      #expect(!lookout.finds { true })
      lookout.slept()
    }
  }

  @Test func endsWithWork() {
    var lookout = Lookout(mostMicroseconds: 1000, processorCount: 2)
    for count in 1...3 {
      var looks = 0
      lookout.begin()
      let found = lookout.finds {
        looks += 1
        return looks == count
      }
      #expect(found)
      #expect(looks == count)
    }
  }

  @Test func endsWithTheWindow() {
    var lookout = Lookout(mostMicroseconds: 1000, processorCount: 2)
    let start = SystemClock.nanoseconds
    lookout.begin()
    #expect(!lookout.finds { false })
    #expect(SystemClock.nanoseconds - start >= PollingWindow.least)
  }
}
