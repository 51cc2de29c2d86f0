internal import Frontend
internal import Linux
internal import Synchronization

/// How one thread is to drive its queue.
struct Drive: Sendable {
  /// How many operations are under way at once.
  var depth: Int
  /// For how long, in nanoseconds.
  var nanoseconds: Int
  /// How many operations at most.
  var operationLimit = Int.max
  /// How long the thread computes between a reply and the next request, in nanoseconds.
  var thinkNanoseconds = 0
  /// Whether the thread sleeps until it is called; otherwise it spins.
  var isSleeping = false
  /// After how many seconds without any reply the device is given up.
  var timeoutSeconds = 10
}

/// What one thread has seen.
struct DriveResult: Sendable {
  /// The time from sending an operation's first request to seeing its last reply.
  var latencies = LatencyHistogram()
  /// Units of what the workload counts.
  var unitCount = 0
  /// Operations of the background.
  var backgroundCount = 0
  /// Replies.
  var requestCount = 0
  /// Operations that ended with an error.
  var errorCount = 0
  /// The first of those.
  var firstError: Int32 = 0
  /// Operations whose data was wrong.
  var wrongDataCount = 0
  /// The first place of those.
  var firstWrongOffset = 0
  /// From the first request to the last reply.
  var nanoseconds = 0
  var kickCount = 0
  var callCount = 0

  /// Adds another thread's, which ran at the same time.
  mutating func merge(_ other: DriveResult) {
    latencies.merge(other.latencies)
    unitCount += other.unitCount
    backgroundCount += other.backgroundCount
    requestCount += other.requestCount
    if errorCount == 0 { firstError = other.firstError }
    errorCount += other.errorCount
    if wrongDataCount == 0 { firstWrongOffset = other.firstWrongOffset }
    wrongDataCount += other.wrongDataCount
    nanoseconds = max(nanoseconds, other.nanoseconds)
    kickCount += other.kickCount
    callCount += other.callCount
  }
}

/// Tells running threads to end early.
final class StopFlag: Sendable {
  private let flag = Atomic<Bool>(false)

  var isSet: Bool { flag.load(ordering: .relaxed) }

  func set() {
    flag.store(true, ordering: .relaxed)
  }
}

/// The loop that is measured with.
///
/// Everything that has come is taken at once, what follows is started and published once, and the
/// clock is read once for all of it.
struct Engine {
  let lane: FastLane
  let drive: Drive
  let stop: StopFlag
  /// A device in this thread, for the self-test.
  var nullDevice: NullDevice?
  private var result = DriveResult()
  /// When the operation of each slot began.
  private var starts: [Int]
  private var isOver = false
  private var startedCount = 0

  init(_ lane: FastLane, _ drive: Drive, stop: StopFlag, nullDevice: NullDevice? = nil) {
    self.lane = lane
    self.drive = drive
    self.stop = stop
    self.nullDevice = nullDevice
    starts = Array(repeating: 0, count: drive.depth)
  }

  /// Drives `work` until the time is over, and waits for what is under way then.
  ///
  /// - Throws: `timedOut`, and what `FastLane` finds wrong.
  mutating func run<W: Work>(_ work: inout W) throws(FrontEndError) -> DriveResult {
    lane.takeOver()
    let begin = SystemClock.nanoseconds
    let (end, overflows) = begin.addingReportingOverflow(drive.nanoseconds)
    let deadline = overflows ? Int.max : end
    for slot in 0..<min(drive.depth, drive.operationLimit) {
      startedCount += 1
      lane.start(work.begin(slot, lane), in: slot)
      starts[slot] = begin
    }
    lane.publish()
    var now = begin
    while lane.outstandingCount > 0 {
      try wait()
      now = SystemClock.nanoseconds
      if !isOver, now >= deadline || stop.isSet { isOver = true }
      try drain(&work, now: now, startAt: isOver ? now : think(now))
      lane.publish()
    }
    try work.settle()
    result.nanoseconds = now - begin
    result.kickCount = lane.kickCount + work.sideKickCount
    result.callCount = lane.callCount
    lane.handBack()
    return result
  }

  /// Computes for as long as a guest would between a reply and the next request.
  @inline(__always)
  private func think(_ now: Int) -> Int {
    guard drive.thinkNanoseconds > 0 else { return now }
    var time = now
    while time - now < drive.thinkNanoseconds { time = SystemClock.nanoseconds }
    return time
  }

  @inline(__always)
  private mutating func drain<W: Work>(
    _ work: inout W, now: Int, startAt: Int
  ) throws(FrontEndError) {
    var count = lane.usedCount
    while count > 0 {
      count -= 1
      let reply = try lane.take()
      result.requestCount += 1
      switch work.finish(reply, lane) {
      case .more(let request):
        lane.start(request, in: reply.slot)
        continue
      case .done(let units):
        result.unitCount += units
        result.latencies.record(nanoseconds: now - starts[reply.slot])
      case .background:
        result.backgroundCount += 1
      case .failed(let error):
        if result.errorCount == 0 { result.firstError = error }
        result.errorCount += 1
      case .wrongData(let offset):
        if result.wrongDataCount == 0 { result.firstWrongOffset = offset }
        result.wrongDataCount += 1
      }
      guard !isOver, startedCount < drive.operationLimit else { continue }
      startedCount += 1
      lane.start(work.begin(reply.slot, lane), in: reply.slot)
      starts[reply.slot] = startAt
    }
  }

  @inline(__always)
  private func wait() throws(FrontEndError) {
    if let nullDevice {
      nullDevice.answer()
      return
    }
    if try lane.wait(isSleeping: drive.isSleeping, milliseconds: 50) { return }
    try waitLonger()
  }

  private func waitLonger() throws(FrontEndError) {
    let deadline = Deadline(after: .seconds(drive.timeoutSeconds))
    while try !lane.wait(isSleeping: drive.isSleeping, milliseconds: 50) {
      if stop.isSet || deadline.hasPassed { throw .timedOut(.completing) }
    }
  }
}

/// Work with its lane, of whatever type.
protocol AnyRunner: AnyObject, Sendable {
  /// Drives the work for one round.
  func run(_ drive: Drive, stop: StopFlag) throws(FrontEndError) -> DriveResult
}

/// The work of one thread, kept from round to round.
final class Runner<W: Work>: AnyRunner {
  private let lane: FastLane
  private var work: W

  init(_ lane: FastLane, _ work: W) {
    self.lane = lane
    self.work = work
  }

  func run(_ drive: Drive, stop: StopFlag) throws(FrontEndError) -> DriveResult {
    // A local copy: access to a property of a class is checked each time.
    var local = work
    defer { work = local }
    var engine = Engine(lane, drive, stop: stop)
    return try engine.run(&local)
  }
}
