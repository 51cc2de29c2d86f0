internal import FuseProtocol
internal import Trace

/// A capture, prepared to be played: its requests with their replies, in their order, and the
/// nodes and handles that they name.
///
/// A number that a server gave out may stand for several objects in the course of a session.
/// Here each object has an index of its own, and so has each open file.
struct Recording: Sendable {
  /// What happened, in its order.
  enum Event: Sendable {
    /// The request of a step was taken by the device.
    case request(Int)
    /// Its reply was returned.
    case reply(Int)
  }

  /// In the order of their requests.
  var steps: [Step] = []
  var events: [Event] = []
  /// The first is the root.
  var objects: [RecordedObject] = [RecordedObject(node: .root)]
  var handles: [RecordedHandle] = []
  var passes: [DirectoryPass] = []
  /// How many request queues were used.
  var requestQueueCount = 1
  /// The most requests that the device had at a time.
  var concurrency = 0
  /// Whether some file data is not in the capture.
  var hasCutData = false
  /// The objects whose files had holes, or were too long to be filled up, when first seen: the
  /// first object of each file.
  var sparseObjects: Set<Int> = []
  /// How many bytes the files had when they were first seen.
  var firstByteCount: UInt64 = 0
  /// Where data of WRITEs is missing, if it is so little that its filler could be chance: how many
  /// bytes by their offset, of the first object of each file.
  var shortCuts: [Int: [UInt64: Int]] = [:]
  /// Whether the first request is INIT.
  var beginsSession: Bool { steps.first?.opcode == .`init` }

  /// Records that say too little to be played: without a header, or cut by another program.
  var unusableCount = 0
  /// Replies whose request is not in the capture.
  var unmatchedReplyCount = 0
  /// Requests without a reply.
  var unansweredCount = 0
  /// Records that the capture itself says it lacks.
  var droppedCount: UInt64 = 0

  /// What may stand in for data of an object's file.
  func standIns(_ object: Int?) -> StandIns {
    guard hasCutData, let object else { return StandIns() }
    let first = objects[object].identity ?? object
    return StandIns(
      mayHoldFiller: true,
      mayHoldHoles: firstByteCount > ShareBuilder.mostFiller || sparseObjects.contains(first),
      shortCuts: shortCuts[first] ?? [:])
  }

  /// Up to which byte the file is whole, if it ends in the middle of a record.
  var cutOffset: UInt64?

  /// The time of the first request, in nanoseconds since 1970.
  var startTime: UInt64 { steps.first?.request.time ?? 0 }
}

/// A request of a capture, with its reply and what the two name.
struct Step: Sendable {
  let request: TraceRecord
  let header: InHeader
  /// Nil if the number has no name here.
  let opcode: Opcode?
  let layout: RequestLayout
  /// Whether the capture's session had agreed to SETXATTR_EXT.
  let isSetxattrExtended: Bool
  var reply: TraceRecord?

  /// The object of the header; nil where it names none.
  var node: Int?
  /// What LINK links, where RENAME moves to, what COPY_FILE_RANGE writes.
  var otherNode: Int?
  var handle: Int?
  var otherHandle: Int?
  /// The names after the arguments' structure, without their NULs.
  var names: [[UInt8]] = []
  /// What FORGET and BATCH_FORGET take back.
  var forgotten: [Forgotten] = []
  /// The step that an INTERRUPT is about.
  var interrupted: Int?

  /// The object that a good reply brought.
  var produced: Int?
  /// The open file that it brought.
  var producedHandle: Int?
  /// What READDIR or READDIRPLUS brought.
  var entries: [DirectoryRecord] = []
  /// The reading of a directory that the step belongs to.
  var pass: Int?

  /// The objects whose data or attributes the request may change.
  var modified: [Int] = []
  /// Whether something else changed one of the step's objects at the same time: what the reply
  /// says of them may then differ.
  var isRaced = false
  /// Whether the time of modification in the reply is one that the guest has set.
  var comparesModificationTime = false

  /// Lookups that a guest gives back.
  struct Forgotten: Sendable {
    var object: Int
    var lookups: UInt64
    /// Whether none are left afterwards.
    var isLast: Bool
  }

  /// The error of the recorded reply: 0 for success; nil if there is no reply with a header.
  var recordedError: Int32? {
    reply?.message.wire(OutHeader.self)?.error
  }

  /// Whether the recorded reply is there and no error.
  var hasSucceeded: Bool { recordedError == 0 }

  /// The structure that the arguments begin with.
  func arguments<T: WireValue>(_ type: T.Type = T.self) -> T? {
    request.message.wire(type, at: MemoryLayout<InHeader>.size)
  }

  /// The structure that the recorded reply begins with, if it succeeded.
  func answer<T: WireValue>(_ type: T.Type = T.self) -> T? {
    hasSucceeded ? reply?.message.wire(type, at: MemoryLayout<OutHeader>.size) : nil
  }

  /// Whether the guest expects a reply.
  var isAnswered: Bool {
    Int(request.writableByteCount) >= MemoryLayout<OutHeader>.size
  }
}

/// An object of the capture.
struct RecordedObject: Sendable {
  /// The number that the recorded server gave it.
  var node: NodeID
  /// A directory and a name that led to it when it was first heard of.
  var place: NameKey?
  /// The lookups that the guest has and has not given back.
  var lookups: UInt64 = 0
  /// The first object with its inode number: the same file, which was forgotten in between.
  var identity: Int?
  /// The step whose reply made it known; nil if the capture does not show that.
  var definer: Int?

  init(node: NodeID, place: NameKey? = nil, definer: Int? = nil) {
    self.node = node
    self.place = place
    self.definer = definer
  }
}

/// A name in a directory.
struct NameKey: Hashable, Sendable {
  /// The object of the directory.
  var directory: Int
  var name: [UInt8]
}

/// An open file of the capture.
struct RecordedHandle: Sendable {
  /// The number that the recorded server gave it.
  var number: UInt64
  var object: Int?
  /// The step that opened it; nil if the capture does not show that.
  var definer: Int?
}

/// A directory read from its beginning, as far as the guest went.
struct DirectoryPass: Sendable {
  /// Where each name was: the step, and its place among the step's entries.
  var places: [[UInt8]: (step: Int, entry: Int)] = [:]
  /// Whether the end was reached.
  var isComplete = false
  var directory: Int?
}
