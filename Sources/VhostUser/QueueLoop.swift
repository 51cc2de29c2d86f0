internal import Linux
internal import Virtqueue

/// What a vring's thread does: takes chains, lets the device work, publishes what is done.
///
/// Used by that thread only; the control thread reaches it through the mailbox.
final class QueueLoop {
  private let index: Int
  private let mailbox: Mailbox
  private let reactor: Reactor
  private let handler: any QueueHandler
  private let observer: SessionObserver

  /// The running vring; nil while it is stopped.
  private var queue: SplitQueue?
  private var kick: SharedDescriptor?
  private var call: SharedDescriptor?
  private var error: SharedDescriptor?
  /// `SET_VRING_ENABLE`: chains are taken only while this is set.
  private var isEnabled = false
  /// The driver broke the rules: nothing is taken until the vring starts anew.
  private var isBroken = false
  /// Memory tables that requests in flight may still use, with the generation they ended with.
  private var retired: [(memory: GuestMemory, generation: UInt32)] = []
  /// Waits until nothing is in flight; gets the next available index.
  private var drained: (@Sendable (UInt16) -> Void)?
  private var isFinished = false

  /// How many chains are taken before what is done is published.
  private static let batch = 64

  init(
    index: Int, device: any Device, engine: Reactor.Engine, mailbox: Mailbox,
    observer: @escaping SessionObserver
  ) throws(Errno) {
    self.index = index
    self.mailbox = mailbox
    self.observer = observer
    reactor = try Reactor(engine: engine)
    handler = try device.makeHandler(queue: index, reactor: reactor)
    reactor.watch(mailbox.descriptor, as: QueueToken.mailbox)
    observer(.vringReady(index: index, usesRing: reactor.hasRing))
  }

  /// Runs until `finish`.
  func run() {
    while !isFinished {
      if !turn() { sleep() }
    }
  }

  // MARK: The loop

  /// One round.
  ///
  /// - Returns: Whether there may be more to do at once.
  private func turn() -> Bool {
    let commands = mailbox.takeAll()
    for command in commands { command(self) }
    if let queue, handler.inFlight > 0 { handler.collect(on: queue) }
    let taken = takeBatch()
    if reactor.hasCallsToCollect { reactor.collect(handle) }
    // First the answers: the end of the batch may close files.
    publish()
    handler.endBatch()
    forgetRetiredMemory()
    finishDraining()
    return taken || !commands.isEmpty
  }

  /// - Returns: Whether any chain was taken.
  private func takeBatch() -> Bool {
    guard let queue, isEnabled, !isBroken, drained == nil else { return false }
    var taken = 0
    do throws(ChainError) {
      while taken < Self.batch, handler.hasRoom, try handler.begin(from: queue) { taken += 1 }
    } catch {
      breakVring(error)
    }
    return taken > 0
  }

  private func publish() {
    guard let queue, queue.publish() else { return }
    call?.borrowed.signalEvent()
  }

  private func handle(_ event: Reactor.Event) {
    switch event {
    case .completed(let tag, let result):
      guard let queue else { preconditionFailure("a completion for a stopped vring") }
      handler.complete(tag: tag, result: result, on: queue)
    case .readable(QueueToken.kick):
      kick?.borrowed.clearEvent()
    case .readable(QueueToken.mailbox):
      mailbox.clearEvent()
    case .readable:
      // Cleared in any case: what is readable for ever would keep the thread awake.
      handler.acknowledgeWakeUp()
      if let queue { handler.collect(on: queue) }
    }
  }

  /// Waits for a kick, a command or the end of a call.
  private func sleep() {
    if let queue, isEnabled, !isBroken, drained == nil, handler.hasRoom, queue.armKicks() {
      return queue.suppressKicks()
    }
    // A command's event may have been cleared in this very round; a later one signals anew.
    guard !mailbox.hasCommandsToTake else { return }
    handler.willSleep()
    reactor.wait(handle)
    handler.didWake()
    queue?.suppressKicks()
  }

  private func breakVring(_ reason: ChainError) {
    isBroken = true
    error?.borrowed.signalEvent()
    observer(.vringBroken(index: index, reason))
  }

  private func forgetRetiredMemory() {
    guard !retired.isEmpty else { return }
    guard let oldest = handler.oldestMemoryGeneration else { return retired = [] }
    retired.removeAll { $0.generation < oldest }
  }

  private func finishDraining() {
    guard let drained, let queue, handler.inFlight == 0 else { return }
    self.drained = nil
    self.queue = nil
    handler.didStop()
    retired = []
    if kick != nil { reactor.unwatch(QueueToken.kick) }
    kick = nil
    drained(queue.nextAvailable)
  }

  // MARK: Commands

  /// Starts the vring; it is looked at once without waiting for a kick.
  func start(
    _ queue: sending SplitQueue, kick: SharedDescriptor, call: SharedDescriptor?,
    error: SharedDescriptor?, isEnabled: Bool
  ) {
    precondition(self.queue == nil, "started twice")
    self.queue = queue
    self.kick = kick
    self.call = call
    self.error = error
    self.isEnabled = isEnabled
    isBroken = false
    handler.didStart(queue)
    reactor.watch(kick.borrowed, as: QueueToken.kick)
  }

  /// Stops taking chains, and calls `drained` once all that were taken have been returned.
  func stop(_ drained: @escaping @Sendable (UInt16) -> Void) {
    guard queue != nil else { return drained(0) }
    self.drained = drained
  }

  func setEnabled(_ isEnabled: Bool) {
    self.isEnabled = isEnabled
  }

  func setKick(_ kick: SharedDescriptor) {
    reactor.unwatch(QueueToken.kick)
    self.kick = kick
    reactor.watch(kick.borrowed, as: QueueToken.kick)
  }

  /// Calls once, because what was returned just now may have been called through the old
  /// descriptor, to which nobody listens any more: QEMU's start and its unmasking race so.
  func setCall(_ call: SharedDescriptor?) {
    self.call = call
    call?.borrowed.signalEvent()
  }

  func setError(_ error: SharedDescriptor?) {
    self.error = error
  }

  /// Goes on with another memory table.
  ///
  /// - Throws: `EFAULT` if the vring is not in it: it is not served any more.
  func replaceMemory(_ memory: GuestMemory) throws(Errno) {
    guard let queue else { return }
    let old = queue.memory
    do throws(Errno) {
      try queue.replaceMemory(memory)
      retired.append((old, queue.memoryGeneration &- 1))
    } catch {
      isBroken = true
      observer(.vringUnmapped(index: index))
      throw error
    }
  }

  /// Ends `run`.
  func finish() {
    isFinished = true
  }
}
