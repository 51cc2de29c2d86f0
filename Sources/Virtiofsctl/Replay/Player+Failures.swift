internal import Frontend
internal import FuseProtocol
internal import Linux
internal import Trace

extension Player {
  /// Why the capture cannot be played on, in one line that names the request that was unanswered.
  func failure(_ error: FrontEndError) -> ToolError {
    .failure(Self.words(error, timeout: options.timeout) + waiting)
  }

  private var waiting: String {
    guard let flight = oldestFlight else { return "; no request was unanswered" }
    let others = flights.count > 1 ? ", and \(flights.count - 1) more" : ""
    guard case .step(let index) = flight.purpose else {
      return "; unanswered: a request beside those of the capture\(others)"
    }
    return "; unanswered: request \(index + 1), \(words(index))\(others)"
  }

  /// A step's request in words.
  func words(_ index: Int) -> String {
    let step = recording.steps[index]
    var context = DescriptionContext()
    context.flags = step.isSetxattrExtended ? [.setxattrExtension] : []
    return RequestDescription(step.request, context).text
  }

  /// What went wrong between us and a back-end.
  static func words(_ error: FrontEndError, timeout: Duration) -> String {
    switch error {
    case .system(let error): "\(error)"
    case .timedOut(.connecting):
      "nobody took the connection within \(timeout.components.seconds) s; "
        + "has another front-end connected to the back-end?"
    case .timedOut(.completing):
      "the back-end did not answer within \(timeout.components.seconds) s"
    case .timedOut: "the back-end did not take part in the negotiation in time"
    case .disconnected: "the back-end closed the connection"
    case .malformedReply(let request):
      "the back-end's reply to the vhost-user message \(request) is malformed"
    case .refused(let request): "the back-end refused the vhost-user message \(request)"
    case .notOffered: "the back-end does not offer what a virtio-fs device needs"
    case .violation(let violation): "the back-end broke a rule of virtio-fs: \(words(violation))"
    case .vringBroken: "the back-end says that a vring is broken"
    case .ringFull: "a request does not fit into its queue"
    case .outOfGuestMemory: "a request does not fit into the guest's memory"
    case .reply(let error): "the back-end answered: \(error)"
    }
  }

  private static func words(_ violation: Violation) -> String {
    switch violation {
    case .usedIndex(let index): "used.idx is \(index), more than was sent"
    case .usedElement(let head): "it returned the chain \(head), which it did not have"
    case .usedLength(let length): "it wrote \(length) bytes, more than there was room for"
    case .missingCall: "it returned chains and did not call"
    case .replyLength(let header, let used):
      "a reply says that it has \(header) bytes and has \(used)"
    case .replyUnique(let unique): "a reply is to the request \(unique), which was another"
    case .replyError(let error): "a reply has the error \(error)"
    case .unexpectedReply: "a request that has no reply was answered"
    case .replyBody(let count): "a reply has \(count) bytes, which is not its length"
    }
  }
}
