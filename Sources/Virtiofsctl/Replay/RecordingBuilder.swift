internal import FuseProtocol
internal import Trace

/// Makes a `Recording` of a capture's records.
struct RecordingBuilder {
  /// More requests than this are refused: they would not fit into memory.
  static let mostSteps = 20_000_000

  var recording = Recording()
  /// What the numbers of nodes mean now.
  var nodes: [UInt64: Int] = [NodeID.root.rawValue: 0]
  var fileHandles: [UInt64: Int] = [:]
  var directoryHandles: [UInt64: Int] = [:]
  /// The first object with each inode number.
  var byInode: [UInt64: Int] = [:]
  /// What names led to when they were last heard of.
  var names: [NameKey: Int] = [:]
  /// The reading that goes on with a handle of a directory.
  var currentPass: [Int: Int] = [:]
  /// The last time of modification that a guest has set on an object, with its fraction.
  var setTimes: [Int: (seconds: UInt64, nanoseconds: UInt32)] = [:]
  var agreed = InitFlags(rawValue: 0)
  var overlaps = Overlaps()

  private var bySerial: [UInt64: Int] = [:]
  private var byUnique: [UInt64: Int] = [:]

  /// All of a capture's records, in the file's order.
  static func build(_ records: [TraceRecord]) throws(ToolError) -> Recording {
    // Each vring's records are in order; those of different ones need not be.
    let order = records.indices.sorted {
      (records[$0].time, $0) < (records[$1].time, $1)
    }
    var builder = RecordingBuilder()
    for index in order { try builder.add(records[index]) }
    return builder.finish()
  }

  private mutating func add(_ record: TraceRecord) throws(ToolError) {
    switch record.kind {
    case .event: addEvent(record)
    case .request: try addRequest(record)
    case .reply: addReply(record)
    }
    if record.isDataCut { recording.hasCutData = true }
  }

  private mutating func addEvent(_ record: TraceRecord) {
    guard let number: UInt32 = record.message.wire() else { return }
    switch number {
    case 4: recording.droppedCount &+= record.message.wire(UInt64.self, at: 4) ?? 0
    case 5: beginSession()
    case _: break
    }
  }

  private mutating func addRequest(_ record: TraceRecord) throws(ToolError) {
    let stated = Int(record.readableByteCount) - Int(record.dataByteCount)
    guard let header: InHeader = record.message.wire(), record.message.count >= stated else {
      recording.unusableCount += 1
      return
    }
    guard recording.steps.count < Self.mostSteps else {
      throw .failure(
        "the capture has more than \(Self.mostSteps) requests; cut it into parts with editcap -c")
    }
    let index = recording.steps.count
    let opcode = Opcode(rawValue: header.opcode)
    if opcode == .`init` { beginSession() }
    let isExtended = agreed.contains(.setxattrExtension)
    var step = Step(
      request: record, header: header, opcode: opcode,
      layout: opcode?.layout(isSetxattrExtended: isExtended) ?? RequestLayout(),
      isSetxattrExtended: isExtended)
    link(&step)
    bySerial[record.serial] = index
    byUnique[header.unique] = index
    if record.vring > 0 {
      recording.requestQueueCount = max(recording.requestQueueCount, Int(record.vring))
    }
    noteCut(step)
    overlaps.begin(index, modifying: step.modified, at: recording.events.count)
    recording.steps.append(step)
    recording.events.append(.request(index))
    recording.concurrency = max(recording.concurrency, bySerial.count)
  }

  private mutating func noteCut(_ step: Step) {
    let missing = Int(step.request.dataByteCount) - step.request.data.count
    guard (1...StandIns.shortByteCount).contains(missing), let object = step.node,
      let offset = step.arguments(WriteIn.self)?.offset, step.opcode == .write
    else { return }
    let first = recording.objects[object].identity ?? object
    recording.shortCuts[first, default: [:]][offset &+ UInt64(step.request.data.count)] = missing
  }

  private mutating func addReply(_ record: TraceRecord) {
    guard let index = bySerial.removeValue(forKey: record.serial) else {
      recording.unmatchedReplyCount += 1
      return
    }
    recording.steps[index].reply = record
    learn(index)
    let step = recording.steps[index]
    // What an entry says is about the object that it brings, not about its directory.
    let objects = step.produced == nil ? [step.node, step.otherNode] : [step.produced]
    let concerned = objects.compactMap { $0 }
    recording.steps[index].isRaced = overlaps.end(
      index, concerning: concerned, modifying: step.modified, at: recording.events.count)
    byUnique[step.header.unique] = nil
    recording.events.append(.reply(index))
  }

  private consuming func finish() -> Recording {
    recording.unansweredCount = bySerial.count
    return recording
  }

  private mutating func beginSession() {
    nodes = [NodeID.root.rawValue: 0]
    fileHandles = [:]
    directoryHandles = [:]
    names = [:]
    currentPass = [:]
    agreed = InitFlags(rawValue: 0)
  }

  /// The step that an INTERRUPT names by its unique.
  func step(unique: UInt64) -> Int? {
    byUnique[unique]
  }
}

/// Which requests ran while another one changed the same object.
struct Overlaps {
  /// How many changes of an object are under way.
  private var open: [Int: Int] = [:]
  /// The event that ended the last change of an object.
  private var lastEnd: [Int: Int] = [:]
  /// The event that began a step that has not ended.
  private var begins: [Int: Int] = [:]

  mutating func begin(_ step: Int, modifying objects: [Int], at event: Int) {
    begins[step] = event
    for object in objects { open[object, default: 0] += 1 }
  }

  /// - Returns: Whether a change of the `concerned` objects by another step fell into this one.
  mutating func end(
    _ step: Int, concerning concerned: [Int], modifying objects: [Int], at event: Int
  ) -> Bool {
    let begin = begins.removeValue(forKey: step) ?? event
    for object in objects {
      let left = (open[object] ?? 1) - 1
      open[object] = left == 0 ? nil : left
    }
    let isRaced = concerned.contains { object in
      open[object] != nil || (lastEnd[object] ?? -1) > begin
    }
    for object in objects { lastEnd[object] = event }
    return isRaced
  }
}
