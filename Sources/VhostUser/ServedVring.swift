internal import Linux
internal import Virtqueue

/// One vring as its thread serves it: takes chains, lets the device work, publishes what is done.
///
/// Used by that thread only. What befalls one vring is nothing to its neighbours.
final class ServedVring {
  let index: Int
  private let handler: any QueueHandler
  private let reactor: Reactor
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

  init(
    index: Int, handler: any QueueHandler, reactor: Reactor, observer: @escaping SessionObserver
  ) {
    self.index = index
    self.handler = handler
    self.reactor = reactor
    self.observer = observer
  }

  // MARK: The vring's part of a turn

  /// Completes what has ended elsewhere, begins a batch, and publishes what is done.
  ///
  /// - Returns: Whether there was anything, so that there may be more.
  func serve() -> Bool {
    guard let queue else { return false }
    var hasWorked = false
    if handler.hasEndedElsewhere {
      handler.collect(on: queue)
      hasWorked = true
    }
    if takesChains, takeBatch(from: queue) > 0 { hasWorked = true }
    if queue.publish() { call?.borrowed.signalEvent() }
    handler.endBatch()
    if !retired.isEmpty { forgetRetiredMemory() }
    if drained != nil { finishDraining(queue) }
    return hasWorked
  }

  /// The thread's reactor has ended one of the handler's calls.
  func complete(tag: UInt32, result: Int32) {
    guard let queue else { preconditionFailure("a completion for a stopped vring") }
    handler.complete(tag: tag, result: result, on: queue)
  }

  /// Whether `serve` would find anything.
  var hasWork: Bool {
    guard let queue else { return false }
    return handler.hasEndedElsewhere || takesChains && queue.hasNews && handler.hasRoom
  }

  private var takesChains: Bool { isEnabled && !isBroken && drained == nil }

  private func takeBatch(from queue: SplitQueue) -> Int {
    do throws(ChainError) {
      return try handler.beginBatch(from: queue)
    } catch {
      isBroken = true
      self.error?.borrowed.signalEvent()
      observer(.vringBroken(index: index, error))
      return 0
    }
  }

  private func forgetRetiredMemory() {
    guard let oldest = handler.oldestMemoryGeneration else { return retired = [] }
    retired.removeAll { $0.generation < oldest }
  }

  private func finishDraining(_ queue: SplitQueue) {
    guard let drained, handler.inFlight == 0 else { return }
    self.drained = nil
    self.queue = nil
    handler.didStop()
    retired = []
    unwatchKick()
    drained(queue.nextAvailable)
  }

  // MARK: Sleep

  /// Has the driver kick for the next chain, if chains are taken.
  ///
  /// - Returns: False if there is one already: no kick will come for it.
  func armKicks() -> Bool {
    guard let queue, takesChains, handler.hasRoom else { return true }
    return !queue.armKicks()
  }

  /// Has the driver not kick: the thread looks by itself.
  func suppressKicks() {
    queue?.suppressKicks()
  }

  // MARK: Commands

  /// Starts the vring; it is looked at once without waiting for a kick.
  func start(
    _ queue: sending SplitQueue, kick: SharedDescriptor, call: SharedDescriptor?,
    error: SharedDescriptor?, isEnabled: Bool
  ) {
    precondition(self.queue == nil, "started twice")
    self.queue = queue
    self.call = call
    self.error = error
    self.isEnabled = isEnabled
    isBroken = false
    handler.didStart(queue)
    setKick(kick)
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
    unwatchKick()
    self.kick = kick
    reactor.watch(kick.borrowed, as: kickTag)
  }

  private func unwatchKick() {
    guard kick != nil else { return }
    reactor.unwatch(kickTag)
    kick = nil
  }

  private var kickTag: UInt32 { QueueTag.make(QueueWatch.kick, queue: index) }

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
}
