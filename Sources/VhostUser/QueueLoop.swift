internal import Linux
internal import Virtqueue

/// What a queue thread does: serves its vrings by turns, looks for more work, and sleeps.
///
/// Used by that thread only; the control thread reaches it through the mailbox.
final class QueueLoop {
  private let mailbox: Mailbox
  private let observer: SessionObserver
  private let reactor: Reactor
  private let service: any QueueService
  /// The vrings that run.
  private var vrings: VringList
  /// The device's side of each vring that ever ran, by its index.
  private var handlers: [Int: any QueueHandler] = [:]
  private var lookout: Lookout
  private var isFinished = false

  /// The tag of the mailbox's watch; no queue has it.
  private static let mailboxTag = UInt32.max

  init(
    device: any Device, settings: QueueSettings, mailbox: Mailbox,
    observer: @escaping SessionObserver
  ) throws(Errno) {
    self.mailbox = mailbox
    self.observer = observer
    reactor = try Reactor(engine: settings.engine)
    service = try device.makeService(reactor: reactor)
    vrings = VringList(capacity: device.queueCount)
    lookout = Lookout(mostMicroseconds: settings.pollMicroseconds)
    reactor.watch(mailbox.descriptor, as: Self.mailboxTag)
  }

  /// Runs until `finish`.
  func run() {
    while true {
      let hasWorked = turn()
      if isFinished { return }
      if !hasWorked { rest() }
    }
  }

  // MARK: The loop

  /// One round: what has ended, what control wants, and a batch of each vring.
  ///
  /// Events come before what they tell of, so that nothing they told of is left for the sleep.
  ///
  /// - Returns: Whether there was any work, and so may be more.
  private func turn() -> Bool {
    var hasWorked = takeEvents()
    if mailbox.hasCommandsToTake {
      for command in mailbox.takeAll() { command(self) }
    }
    var hasStopped = false
    vrings.forEach { vring in
      if vring.serve() { hasWorked = true }
      if vring.isStopped { hasStopped = true }
    }
    if hasStopped { vrings.removeStopped() }
    // After the answers, because it may close files.
    service.quiesce()
    // After the answers, because the kernel may take long with what it is given.
    reactor.collect()
    return hasWorked
  }

  /// - Returns: Whether any call has ended.
  private func takeEvents() -> Bool {
    var hasWorked = false
    while let event = reactor.nextEvent() {
      // The turn looks at whatever became readable.
      guard case .completed(let tag, let result) = event else { continue }
      let queue = QueueTag.queue(of: tag)
      let isTaken = vrings.contains { vring in
        guard vring.index == queue else { return false }
        vring.complete(tag: tag, result: result)
        return true
      }
      precondition(isTaken, "a completion for a stopped vring")
      hasWorked = true
    }
    return hasWorked
  }

  /// Looks for work for a while, then waits for a kick, a command or the end of a call.
  private func rest() {
    lookout.begin(after: takenCount)
    var hasRequest = false
    let found = lookout.finds {
      hasRequest = vrings.contains { $0.hasRequest }
      return hasRequest || hasOtherWork
    }
    guard found || sleep() else { return }
    lookout.end(hasSlept: !found, hasRequest: hasRequest || mayHaveRequest)
  }

  /// How many requests have been taken of all vrings, counted around.
  private var takenCount: UInt16 {
    var count: UInt16 = 0
    vrings.forEach { count &+= $0.takenCount }
    return count
  }

  private var hasOtherWork: Bool {
    mailbox.hasCommandsToTake || reactor.hasNews || vrings.contains { $0.hasEndedElsewhere }
  }

  /// Whether the driver or a device has, or may have, something for us.
  private var mayHaveRequest: Bool {
    reactor.hasReadsInFlight || vrings.contains { $0.hasRequest }
  }

  /// - Returns: False if there is work, and no need to.
  private func sleep() -> Bool {
    defer { vrings.forEach { $0.suppressKicks() } }
    if vrings.contains({ !$0.armKicks() }) { return false }
    service.willSleep()
    reactor.wait()
    service.didWake()
    return true
  }

  // MARK: Commands

  /// Starts the vring `index`, which must not be running.
  func start(
    _ index: Int, _ queue: sending SplitQueue, _ notifiers: ServedVring.Notifiers, isEnabled: Bool
  ) throws(Errno) {
    precondition(vrings[index] == nil, "started twice")
    vrings.append(
      ServedVring(
        index: index, queue: queue, handler: try handler(of: index), notifiers: notifiers,
        isEnabled: isEnabled, reactor: reactor, observer: observer))
  }

  /// Made when the vring first starts.
  private func handler(of index: Int) throws(Errno) -> any QueueHandler {
    if let handler = handlers[index] { return handler }
    let handler = try service.makeHandler(queue: index)
    handlers[index] = handler
    observer(.vringReady(index: index, usesRing: reactor.hasRing))
    return handler
  }

  /// The vring `index`, if it runs.
  func vring(_ index: Int) -> ServedVring? { vrings[index] }

  /// Ends `run`.
  func finish() {
    isFinished = true
  }
}
