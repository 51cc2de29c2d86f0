/// What came out of playing a capture.
struct ReplayResult {
  /// A reply that is not the recorded one.
  struct Difference: Equatable, Sendable {
    /// The step's index.
    var step: Int
    /// When the request was made, in nanoseconds since the capture's first one.
    var time: UInt64
    /// The request, for people.
    var request: String
    var fields: [FieldDifference]
  }

  /// What is told of each operation.
  struct Operation {
    var sent = 0
    var different = 0
    var recorded = LatencyHistogram()
    var live = LatencyHistogram()
  }

  /// Why a request was not sent.
  enum Omission: String, CaseIterable, Sendable {
    case unknownNode = "its node is not known"
    case unknownHandle = "its file is not open"
    case unknownOffset = "its offset is of no entry of the directory that was seen"
    case tooLarge = "it is longer, or wants a longer reply, than 4 MiB"
    case notNeeded = "there was nothing to give back"
    case interruptedIsOver = "the request to be interrupted was done"
  }

  /// How many requests the capture has.
  var requestCount = 0
  /// How many of them were sent.
  var sentCount = 0
  /// How many replies were compared.
  var comparedCount = 0
  /// How many of them differ.
  var differentCount = 0
  /// How many requests were not sent, and why.
  var omissions: [Omission: Int] = [:]
  /// LOOKUPs beside those of the capture, for nodes that had not come up.
  var extraLookupCount = 0
  /// Other requests beside those of the capture.
  var extraRequestCount = 0
  /// File data that could not be compared, in bytes.
  var unknownByteCount = 0
  /// File data that was read, in bytes.
  var readByteCount = 0
  /// The first differences.
  var differences: [Difference] = []
  var operations: [UInt32: Operation] = [:]
  /// How long it took, in nanoseconds, without the negotiation.
  var nanoseconds: UInt64 = 0
  /// How long the recorded session took, in nanoseconds.
  var recordedNanoseconds: UInt64 = 0
  /// How many request queues were used.
  var queueCount = 0
  /// The most requests that the back-end had at a time.
  var concurrency = 0

  /// How many requests were not sent although the guest had sent them for a purpose.
  var omittedCount: Int {
    omissions.reduce(0) { $0 + ($1.key.isHarmless ? 0 : $1.value) }
  }

  /// Whether the back-end answered as the recorded one had.
  var isEqual: Bool { differentCount == 0 && omittedCount == 0 }
}

extension ReplayResult.Omission {
  /// Whether the session is the same without the request.
  var isHarmless: Bool { self == .notNeeded || self == .interruptedIsOver }
}
