internal import Frontend
internal import FuseProtocol
internal import Trace

/// Plays a capture against a back-end.
///
/// One thread does it all: it sends what may be sent, and takes what has come, on every queue.
final class Player {
  /// What becomes of a reply.
  enum Purpose {
    /// It is that to a step of the capture.
    case step(Int)
    /// Somebody waits for it.
    case extra
    /// Nobody does.
    case ignored
  }

  /// A request that the back-end has.
  struct Flight {
    var purpose: Purpose
    var queue: Int
    var sent: ContinuousClock.Instant
    /// The data of a WRITE.
    var data: GuestBuffer?
    /// The room for the data of a READ.
    var room: GuestBuffer?
  }

  /// What is to be done after a reply, when no other reply is being looked at.
  enum FollowUp {
    /// The directory is to be read on: the capture's guest had come to its end.
    case drain(Int)
    /// The rest is to be copied: the back-end copied less than the recorded one.
    case copy(Int, done: UInt64)
    /// A node that the capture's guest does not know is to be given back.
    case forget(NodeID, UInt64)
    /// A file that the capture's guest has not open is to be closed.
    case release(NodeID, UInt64, isDirectory: Bool)
  }

  let recording: Recording
  let options: ReplayOptions
  let device: GuestDevice
  var live: LiveState
  var streams = LiveStreams()
  var result = ReplayResult()
  var flights: [UInt64: Flight] = [:]
  var followUps: [FollowUp] = []
  /// The replies that somebody waits for, by ticket.
  var extraReplies: [UInt64: LiveReply] = [:]
  /// Which steps need no more waiting for.
  var isDone: [Bool]
  /// The tickets of the steps that are in flight, for INTERRUPT.
  var tickets: [Int: UInt64] = [:]
  /// Objects that could not be found.
  var unreachable: Set<Int> = []
  /// The steps whose replies are not as recorded.
  var different: Set<Int> = []
  /// Called for each step that is done.
  var onDone: ((Int) -> Void)?

  var sendOrder: [UInt64] = []
  var oldest = 0
  var unflushed: Set<Int> = []
  private var progress: Progress
  private var doneCount = 0
  private let start = ContinuousClock.now
  /// When the first request was to be sent.
  private var begin = ContinuousClock.now

  /// A player of `recording` for an attached device.
  init(_ recording: Recording, _ device: GuestDevice, _ options: ReplayOptions, isQuiet: Bool) {
    self.recording = recording
    self.device = device
    self.options = options
    live = LiveState(recording)
    isDone = Array(repeating: false, count: recording.steps.count)
    progress = Progress(isQuiet: isQuiet)
    result.requestCount = recording.steps.count
    result.queueCount = device.queues.count - 1
  }

  /// Plays all of it.
  ///
  /// - Throws: What kept it from being played to the end.
  func run() throws(ToolError) {
    defer { progress.end() }
    if !recording.beginsSession { try beginSession() }
    begin = .now
    if let depth = options.depth, depth > recording.concurrency {
      try runByDependencies(depth: depth)
    } else {
      try runInOrder(depth: options.depth ?? .max)
    }
    while !flights.isEmpty || !followUps.isEmpty {
      try runFollowUps()
      if !flights.isEmpty { try collect() }
    }
    result.nanoseconds = UInt64(clamping: start.duration(to: .now).nanoseconds)
    if let first = recording.steps.first, let last = recording.steps.last {
      let end = max(last.reply?.time ?? 0, last.request.time)
      result.recordedNanoseconds = end >= first.request.time ? end - first.request.time : 0
    }
  }

  /// Sends each request when the replies that came before it in the capture have come.
  private func runInOrder(depth: Int) throws(ToolError) {
    for event in recording.events {
      switch event {
      case .request(let index):
        try wait(for: index)
        while flights.count >= depth { try collectAndFollow() }
        try send(index)
        try runFollowUps()
      case .reply(let index):
        while !isDone[index] { try collectAndFollow() }
      }
    }
  }

  /// Waits until a step's time has come, if the recorded times are to be kept.
  ///
  /// - Parameter shouldStop: Asked after each reply that has come meanwhile.
  /// - Returns: False if it was stopped before.
  @discardableResult
  func wait(
    for index: Int, unless shouldStop: () -> Bool = { false }
  ) throws(ToolError) -> Bool {
    guard options.keepsTimes else { return true }
    let time = recording.steps[index].request.time
    let distance = time >= recording.startTime ? time - recording.startTime : 0
    // A clock that jumped must not stop the world.
    let moment = begin + .nanoseconds(Int64(clamping: min(distance, 1 << 60)))
    while ContinuousClock.now < moment {
      if shouldStop() { return false }
      try collect(until: moment)
      try runFollowUps()
    }
    return true
  }

  /// Takes what has come, or waits for something, and does what follows from it.
  func collectAndFollow() throws(ToolError) {
    try collect()
    try runFollowUps()
  }

  /// Whether nothing of the capture waits for the step any more.
  func finish(_ index: Int) {
    guard !isDone[index] else { return }
    isDone[index] = true
    doneCount += 1
    onDone?(index)
    progress.show {
      let (done, all) = (Quantities.count(doneCount), Quantities.count(recording.steps.count))
      let differences =
        result.differentCount == 0
        ? "" : ", \(Quantities.count(result.differentCount)) replies differ"
      return "\(done) of \(all) requests\(differences)"
    }
  }
}

extension Duration {
  /// In whole nanoseconds.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
  }
}
