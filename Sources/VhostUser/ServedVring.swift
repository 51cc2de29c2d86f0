internal import Linux
internal import Virtqueue

/// A vring that runs, as its thread serves it: takes chains, lets the device work, publishes what
/// is done.
///
/// Used by that thread only. What befalls one vring is nothing to its neighbours.
final class ServedVring {
  let index: Int
  private let queue: SplitQueue
  private let handler: any QueueHandler
  private let reactor: Reactor
  private let observer: SessionObserver

  private var kick: SharedDescriptor?
  /// Kept open for the queue, which has its number.
  private var call: SharedDescriptor?
  private var error: SharedDescriptor?
  /// Whether chains are taken: while it is enabled, neither broken nor to be stopped.
  private var takesChains = false
  /// `SET_VRING_ENABLE`
  private var isEnabled: Bool
  /// The driver broke the rules: nothing is taken until the vring starts anew.
  private var isBroken = false
  /// Memory tables that requests in flight may still use, with the generation they ended with.
  private var retired: [(memory: GuestMemory, generation: UInt32)] = []
  /// Waits until nothing is in flight; gets the next available index.
  private var drained: (@Sendable (UInt16) -> Void)?
  /// Everything taken has been returned, and nothing will be taken any more.
  private(set) var isStopped = false

  /// What the front-end gave a vring to notify and be notified with.
  struct Notifiers: Sendable {
    var kick: SharedDescriptor
    var call: SharedDescriptor?
    var error: SharedDescriptor?
  }

  /// Starts the vring; it is looked at once without waiting for a kick.
  init(
    index: Int, queue: sending SplitQueue, handler: any QueueHandler, notifiers: Notifiers,
    isEnabled: Bool, reactor: Reactor, observer: @escaping SessionObserver
  ) {
    self.index = index
    self.queue = queue
    self.handler = handler
    self.reactor = reactor
    self.observer = observer
    self.isEnabled = isEnabled
    call = notifiers.call
    error = notifiers.error
    queue.call = call?.borrowed
    handler.didStart(queue)
    setKick(notifiers.kick)
    decideTaking()
  }

  // MARK: The vring's part of a turn

  /// Completes what has ended elsewhere, begins a batch, and publishes what is done.
  ///
  /// - Returns: Whether there was anything, so that there may be more.
  func serve() -> Bool {
    var hasWorked = false
    if handler.hasEndedElsewhere {
      handler.collect(on: queue)
      hasWorked = true
    }
    if takesChains, takeBatch() > 0 { hasWorked = true }
    queue.answer()
    handler.endBatch()
    if !retired.isEmpty { forgetRetiredMemory() }
    if drained != nil { finishDraining() }
    return hasWorked
  }

  /// The thread's reactor has ended one of the handler's calls.
  func complete(tag: UInt32, result: Int32) {
    handler.complete(tag: tag, result: result, on: queue)
  }

  /// Whether requests have ended that were not served here.
  var hasEndedElsewhere: Bool { handler.hasEndedElsewhere }

  /// Whether there is a chain to take.
  var hasRequest: Bool { takesChains && queue.hasNews && handler.hasRoom }

  /// How many chains have been taken, counted around.
  var takenCount: UInt16 { queue.nextAvailable }

  private func decideTaking() {
    takesChains = isEnabled && !isBroken && drained == nil && !isStopped
  }

  private func takeBatch() -> Int {
    do throws(ChainError) {
      return try handler.beginBatch(from: queue)
    } catch {
      isBroken = true
      decideTaking()
      self.error?.borrowed.signalEvent()
      observer(.vringBroken(index: index, error))
      return 0
    }
  }

  private func forgetRetiredMemory() {
    guard let oldest = handler.oldestMemoryGeneration else { return retired = [] }
    retired.removeAll { $0.generation < oldest }
  }

  private func finishDraining() {
    guard let drained, handler.inFlight == 0 else { return }
    self.drained = nil
    isStopped = true
    handler.didStop()
    unwatchKick()
    drained(queue.nextAvailable)
  }

  // MARK: Sleep

  /// Has the driver kick for the next chain, if chains are taken.
  ///
  /// - Returns: False if there is one already: no kick will come for it.
  func armKicks() -> Bool {
    guard takesChains, handler.hasRoom else { return true }
    return !queue.armKicks()
  }

  /// Has the driver not kick: the thread looks by itself.
  func suppressKicks() {
    queue.suppressKicks()
  }

  // MARK: Commands

  /// Stops taking chains, and calls `drained` once all that were taken have been returned.
  func stop(_ drained: @escaping @Sendable (UInt16) -> Void) {
    self.drained = drained
    decideTaking()
  }

  func setEnabled(_ isEnabled: Bool) {
    self.isEnabled = isEnabled
    decideTaking()
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
    queue.call = call?.borrowed
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
    let old = queue.memory
    do throws(Errno) {
      try queue.replaceMemory(memory)
      retired.append((old, queue.memoryGeneration &- 1))
    } catch {
      isBroken = true
      decideTaking()
      observer(.vringUnmapped(index: index))
      throw error
    }
  }
}
