import Testing
import Trace

@testable import Virtiofsctl

@Suite struct EventDescriptionTests {
  private func text(_ message: [UInt8]) -> String {
    EventDescription(TraceRecord(time: 0, kind: .event, vring: 0, message: message)).text
  }

  @Test func everyEventIsDescribed() {
    let events: [(TraceEvent, String)] = [
      (
        .captureBegan(program: "p", options: "-o \"x\u{1b}\""),
        #"the capture begins: program="p" options="-o \"x\x1b\"""#
      ),
      (
        .vringStarted(size: 128, features: 1 << 32 | 1 << 29),
        "the vring has been started: size=128 features=EVENT_IDX|VERSION_1"
      ),
      (.vringStopped, "the vring has been stopped"),
      (.dropped(7), "records are missing here: the disk was too slow: count=7"),
      (.deviceReset, "the device was reset"),
      (
        .captureEnded(requests: 3, replies: 2, dropped: 1),
        "the capture ends: requests=3 replies=2 dropped=1"
      ),
    ]
    for (event, line) in events { #expect(text(event.message) == line) }
  }

  @Test func eventsOfTheFutureAreShownAsBytes() {
    #expect(
      text([99, 0, 0, 0]) == #"an event that this program does not know: message="c\x00\x00\x00""#)
    #expect(text([]) == #"an event that this program does not know: message="""#)
  }
}
