internal import Linux
internal import Virtqueue

/// What a queue thread does: serves its vrings by turns, looks for more work, and sleeps.
///
/// Used by that thread only; the control thread reaches it through the mailbox.
final class QueueLoop {
  private let device: any Device
  private let mailbox: Mailbox
  private let observer: SessionObserver
  private let reactor: Reactor
  private let service: any QueueService
  private var vrings: [ServedVring] = []
  private var lookout: Lookout
  private var isFinished = false

  /// The tag of the mailbox's watch; no queue has it.
  private static let mailboxTag = UInt32.max

  init(
    device: any Device, settings: QueueSettings, mailbox: Mailbox,
    observer: @escaping SessionObserver
  ) throws(Errno) {
    self.device = device
    self.mailbox = mailbox
    self.observer = observer
    reactor = try Reactor(engine: settings.engine)
    service = try device.makeService(reactor: reactor)
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
    for vring in vrings where vring.serve() { hasWorked = true }
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
      guard let vring = vrings.first(where: { $0.index == queue }) else {
        preconditionFailure("a completion for nobody")
      }
      vring.complete(tag: tag, result: result)
      hasWorked = true
    }
    return hasWorked
  }

  /// Looks for work for a while, then waits for a kick, a command or the end of a call.
  private func rest() {
    lookout.begin()
    if lookout.finds({ hasWork }) { return }
    sleep()
  }

  private var hasWork: Bool {
    mailbox.hasCommandsToTake || reactor.hasNews || vrings.contains(where: \.hasWork)
  }

  private func sleep() {
    defer { for vring in vrings { vring.suppressKicks() } }
    for vring in vrings where !vring.armKicks() { return }
    service.willSleep()
    reactor.wait()
    service.didWake()
    lookout.slept()
  }

  // MARK: Commands

  /// The vring `index`, which this thread serves from its first start on.
  func vring(_ index: Int) throws(Errno) -> ServedVring {
    if let vring = vrings.first(where: { $0.index == index }) { return vring }
    let vring = ServedVring(
      index: index, handler: try service.makeHandler(queue: index), reactor: reactor,
      observer: observer)
    vrings.append(vring)
    observer(.vringReady(index: index, usesRing: reactor.hasRing))
    return vring
  }

  /// Ends `run`.
  func finish() {
    isFinished = true
  }
}
