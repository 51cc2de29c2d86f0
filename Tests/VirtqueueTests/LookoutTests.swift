import Linux
import Testing

@testable import Virtqueue

/// A look ends with work or with the window, and there is none where it is unwanted.
@Suite struct LookoutTests {
  @Test func neverLooksWhereThatIsUnwanted() {
    var lookout = Lookout(mostMicroseconds: nil)
    for _ in 0..<20 {
      lookout.begin()
      #expect(!lookout.finds { true })
      lookout.end(hasSlept: true, hasRequest: true)
    }
  }

  @Test func endsWithWork() {
    var lookout = Lookout(mostMicroseconds: 1000)
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
    var lookout = Lookout(mostMicroseconds: 1000)
    let start = SystemClock.nanoseconds
    lookout.begin()
    #expect(!lookout.finds { false })
    #expect(SystemClock.nanoseconds - start >= PollingWindow.least)
  }
}
