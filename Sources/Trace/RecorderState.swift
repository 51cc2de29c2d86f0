internal import Linux
internal import Synchronization

/// The recorder's thread and what it works with.
final class RecorderState: Sendable {
  let clock: CaptureClock
  private let file: CaptureFile
  /// For the recorder's thread alone.
  private let space: CaptureSpace
  private let lanes: [Lane]
  private let bell: RecorderBell
  private let report: @Sendable (Recorder.Trouble) -> Void
  private let isClosing = Atomic(false)
  private let writtenByteCount = Atomic(0)
  /// Whether the vrings' threads may still be putting while the capture is closed.
  private let areLanesBusy = Atomic(false)
  private let ended = Semaphore()
  private let hasReported = Atomic(false)
  /// Whether everything that was put has been written, with what a capture ends with.
  private let isComplete = Atomic(false)

  /// How long records lie about at most while there is room, in milliseconds.
  private static let pause = 20
  /// The same while there are many: they are written while they are in the processor's cache.
  private static let shortPause = 2
  private static let many = 128 << 10
  /// How long to wait before the file is tried again, in milliseconds.
  private static let retryPause = 500

  init(
    _ file: consuming CaptureFile, lanes: [Lane], bell: RecorderBell,
    report: @escaping @Sendable (Recorder.Trouble) -> Void
  ) {
    clock = file.clock
    space = CaptureSpace(file)
    self.file = file
    self.lanes = lanes
    self.bell = bell
    self.report = report
  }

  /// Runs until the capture is closed.
  func run() {
    while true {
      let closes = isClosing.load(ordering: .acquiring)
      let hadBlocks = hasBlocks
      let before = writtenByteCount.load(ordering: .relaxed)
      let isWhole = takeAll()
      let isBusy = writtenByteCount.load(ordering: .relaxed) - before > Self.many
      if closes {
        if isWhole { finish() }
        space.giveBack()
        return ended.signal()
      }
      if !isWhole {
        bell.wait(milliseconds: Self.retryPause)
      } else if hadBlocks {
        bell.wait(milliseconds: isBusy ? Self.shortPause : Self.pause)
      } else {
        bell.sleep { hasBlocks || isClosing.load(ordering: .acquiring) }
      }
    }
  }

  /// Has the thread write what there is, and end.
  func close(milliseconds: Int, areLanesBusy: Bool) -> Bool {
    self.areLanesBusy.store(areLanesBusy, ordering: .relaxed)
    isClosing.store(true, ordering: .releasing)
    bell.ring()
    _ = ended.wait(milliseconds: milliseconds)
    let isComplete = isComplete.load(ordering: .acquiring)
    let dropped = total { $0.droppedCount.load(ordering: .relaxed) }
    if dropped > 0 || !isComplete {
      report(.incomplete(droppedCount: dropped, isCut: !isComplete))
    }
    return isComplete
  }

  private var hasBlocks: Bool {
    lanes.contains { $0.hasBlocks }
  }

  /// Writes what all lanes hold.
  ///
  /// - Returns: False if the file takes no more.
  private func takeAll() -> Bool {
    // A block that is half in the file goes on before any other begins.
    if let lane = lanes.first(where: \.isUnfinished), !lane.take(write) { return false }
    for lane in lanes {
      guard lane.take(write) else { return false }
    }
    return true
  }

  /// - Returns: How many bytes were written; 0 if none can be.
  private func write(_ bytes: RawSpan) -> Int {
    do throws(Errno) {
      let count = try file.owner.borrowed.write(bytes)
      writtenByteCount.wrappingAdd(count, ordering: .relaxed)
      space.use(count)
      return count
    } catch {
      if !hasReported.exchange(true, ordering: .relaxed) { report(.cannotWrite(error)) }
      return 0
    }
  }

  /// Writes what a capture ends with.
  private func finish() {
    let time = clock.now
    var writer = TraceWriter(vringNames: TraceWriter.vringNames(count: lanes.count))
    let start = writer.bytes.count
    // What the lanes had no room to say.
    for lane in lanes where !areLanesBusy.load(ordering: .relaxed) && lane.lastDrops > 0 {
      let message = TraceEvent.dropped(lane.lastDrops).message
      writer.append(
        TraceRecord(time: time, kind: .event, vring: lane.vring, message: message),
        droppedCount: lane.lastDrops)
    }
    writer.append(
      .captureEnded(
        requests: total { $0.requestCount.load(ordering: .relaxed) },
        replies: total { $0.replyCount.load(ordering: .relaxed) },
        dropped: total { $0.droppedCount.load(ordering: .relaxed) }),
      time: time)
    for lane in lanes {
      // What the device has seen: the dropped ones, too.
      writer.appendStatistics(
        vring: lane.vring, time: time,
        receivedCount: lane.putCount + lane.droppedCount.load(ordering: .relaxed),
        droppedCount: lane.droppedCount.load(ordering: .relaxed))
    }
    var rest = writer.bytes.rawBytes.extracting(droppingFirst: start)
    while rest.byteCount > 0 {
      let count = write(rest)
      guard count > 0 else { return }
      rest = rest.extracting(droppingFirst: count)
    }
    isComplete.store(true, ordering: .releasing)
  }

  private func total(_ count: (Lane) -> UInt64) -> UInt64 {
    lanes.reduce(0) { $0 + count($1) }
  }
}

extension Lane {
  /// How many requests and replies have been put.
  fileprivate var putCount: UInt64 {
    requestCount.load(ordering: .relaxed) + replyCount.load(ordering: .relaxed)
  }
}
