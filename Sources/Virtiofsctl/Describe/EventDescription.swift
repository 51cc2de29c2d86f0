internal import Trace

/// Something that happened between requests, for people.
struct EventDescription: Equatable, Sendable {
  /// A word for programs: `vring-started`.
  var name: String
  /// A sentence without its vring: `the vring has been started`.
  var sentence: String
  /// What belongs to it.
  var fields: [Field] = []

  /// Describes the message of an event's record, whatever it holds.
  init(_ record: TraceRecord) {
    guard let event = TraceEvent(message: record.message) else {
      name = "unknown"
      sentence = "an event that this program does not know"
      fields = [Field(name: "message", value: .bytes(record.message))]
      return
    }
    switch event {
    case .captureBegan(let program, let options):
      name = "capture-began"
      sentence = "the capture begins"
      fields = [
        Field(name: "program", value: .name(Array(program.utf8))),
        Field(name: "options", value: .name(Array(options.utf8))),
      ]
    case .vringStarted(let size, let features):
      name = "vring-started"
      sentence = "the vring has been started"
      fields = [
        Field(name: "size", value: .number(UInt64(size))),
        Field(name: "features", value: .flags(FlagTable.features.names(of: features))),
      ]
    case .vringStopped:
      name = "vring-stopped"
      sentence = "the vring has been stopped"
    case .dropped(let count):
      name = "dropped"
      sentence = "records are missing here: the disk was too slow"
      fields = [Field(name: "count", value: .number(count))]
    case .deviceReset:
      name = "device-reset"
      sentence = "the device was reset"
    case .captureEnded(let requests, let replies, let dropped):
      name = "capture-ended"
      sentence = "the capture ends"
      fields = [
        Field(name: "requests", value: .number(requests)),
        Field(name: "replies", value: .number(replies)),
        Field(name: "dropped", value: .number(dropped)),
      ]
    }
  }

  /// The event in one line: `the vring has been started: size=1024 features=VERSION_1`.
  var text: String {
    guard !fields.isEmpty else { return sentence }
    var text = sentence + ":"
    fields.append(to: &text, details: nil)
    return text
  }
}
