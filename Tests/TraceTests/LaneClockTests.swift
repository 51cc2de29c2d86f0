import Linux
import Testing

@testable import Trace

struct LaneClockTests {
  @Test func itTellsTheCapturesTimeAndNeverGoesBack() {
    let clock = CaptureClock()
    var laneClock = LaneClock(clock)
    var last: UInt64 = 0
    let end = clock.now + 200_000_000
    var count = 0
    while last < end {
      let before = clock.now
      let now = laneClock.now()
      let after = clock.now
      #expect(now >= last)
      // The counter's rate is known to a millionth, and it is relied on for 50 us.
      #expect(now + 10_000 >= before && now <= after + 10_000)
      last = now
      count += 1
    }
    #expect(count > 10)
  }

  @Test func itTellsTheTimeAfterALongPause() {
    let clock = CaptureClock()
    var laneClock = LaneClock(clock)
    for milliseconds in [15, 1, 30, 3] {
      SystemClock.sleep(milliseconds: milliseconds)
      let before = clock.now
      let now = laneClock.now()
      #expect(now >= before && now <= clock.now)
    }
  }
}
