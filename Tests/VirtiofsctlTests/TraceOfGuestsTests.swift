import TestSupport
import Testing
import Trace

@testable import Virtiofsctl

/// What real guests said, as it is shown.
@Suite struct TraceOfGuestsTests {
  /// A fault in brackets would be a mistake of ours: these guests keep to the protocol.
  @Test(arguments: CapturedSession.allCases)
  func everyMessageOfAGuestIsUnderstood(session: CapturedSession) throws {
    var capture = try CaptureReading(path: session.path, isQuiet: true)
    var context = DescriptionContext(isDetailed: true)
    var count = 0
    while let item = capture.next() {
      switch item {
      case .event(let record): #expect(EventDescription(record).name != "unknown")
      case .exchange(let exchange):
        let answer = try #require(exchange.reply)
        context.observe(request: exchange.request, reply: answer)
        let request = RequestDescription(exchange.request, context)
        let reply = ReplyDescription(answer, to: exchange.request, context)
        #expect(request.fault == nil, "\(request.text)")
        #expect(reply.fault == nil, "\(request.text) -> \(reply.text)")
        #expect(request.opcode != nil && request.header != nil)
        count += 1
      }
    }
    #expect(count > 100)
    #expect(context.flags != nil)
    #expect(capture.droppedCount == 0 && !capture.isCut && capture.unmatchedReplyCount == 0)
  }

  @Test(arguments: CapturedSession.allCases)
  func everyLineOfJSONIsAnObject(session: CapturedSession) throws {
    let directory = try TemporaryDirectory("trace")
    let show = try ToolRun(["trace", "show", "--json", session.path], in: directory)
    #expect(show.status == .exited(0))
    let lines = show.output.split(separator: "\n")
    #expect(lines.count > 100)
    for line in lines { #expect(JSONReader(String(line)).readsWhole, "\(line)") }
    let stat = try ToolRun(["trace", "stat", "--json", session.path], in: directory)
    #expect(stat.status == .exited(0))
    #expect(JSONReader(stat.output).readsWhole)
    let eventCount = lines.count { $0.contains("\"event\": ") }
    #expect(stat.output.contains("\"requests\": \(lines.count - eventCount),"))
  }
}
