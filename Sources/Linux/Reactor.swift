internal import CLinux

/// The one place where a queue thread sleeps, and through which its calls that wait are made.
///
/// Over io_uring where the kernel allows it, else over ppoll(2); the difference shows only in
/// `hasRing`. Made and used by one thread.
package final class Reactor {
  /// What the reactor is built on.
  package enum Engine: String, Sendable, CaseIterable {
    /// io_uring if the kernel grants one, else synchronous.
    case auto
    /// io_uring or nothing.
    case uring
    /// ppoll and plain calls.
    case sync
  }

  /// Something that happened.
  package enum Event: Sendable {
    /// The descriptor watched as `token` is readable.
    case readable(token: UInt32)
    /// The call given `tag` ended with `result`, a count or a negative error number.
    case completed(tag: UInt32, result: Int32)
  }

  private let ring: Ring?
  /// The same, for what each turn of a thread does.
  private let uncountedRing: Uncounted<Ring>?
  private var watches: [Watch] = []
  /// Whether the ring lacks a poll that the watches want, or has one too many.
  private var needsArming = false
  /// Polls of watches that are gone, still to be cancelled.
  private var cancellations: [UInt64] = []
  /// Completions of cancelled polls carry the serial of their watch and are ignored.
  private var serial: UInt32 = 0
  /// Without a ring: what poll(2) is given, in the order of the watches.
  private var polled: [pollfd] = []
  /// Without a ring: the next of `polled` to report.
  private var nextPolled = 0

  /// The top bits of a completion's user data: what kind it is.
  private enum Kind {
    static let call: UInt64 = 0
    static let watch: UInt64 = 1 << 62
    static let cancel: UInt64 = 2 << 62
    static let read: UInt64 = 3 << 62
    static let mask: UInt64 = 3 << 62
  }

  /// - Throws: The reason why there is no io_uring, if `engine` insists on it.
  package init(engine: Engine) throws(Errno) {
    switch engine {
    case .sync: ring = nil
    case .uring: ring = try Ring()
    case .auto: ring = try? Ring()
    }
    uncountedRing = ring.map { Uncounted($0) }
  }

  /// Whether calls can be given to the kernel to complete later.
  package var hasRing: Bool { ring != nil }
  /// Reads given and not yet completed.
  private var readsInFlight = 0
  /// Whether a read has yet to end: it waits for a device, where other calls keep a thread of the
  /// kernel at work.
  package var hasReadsInFlight: Bool { readsInFlight > 0 }
  /// How often the thread has slept here.
  package private(set) var sleepCount = 0

  // MARK: Readiness

  /// Ends a sleep, and makes an event, each time `descriptor` becomes readable.
  ///
  /// It must be nonblocking, an eventfd, pipe or socket, and open until `unwatch`. What there is to
  /// read is the reactor's to take; with a ring it leaves an eventfd unread, because the kernel
  /// tells of each further signal without that.
  package func watch(_ descriptor: Descriptor, as token: UInt32) {
    serial = (serial &+ 1) & 0x3fff_ffff
    watches.append(Watch(descriptor, token: token, serial: serial))
    needsArming = true
    if ring == nil {
      polled.append(pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0))
    }
  }

  /// Ends the watch with `token`, if there is one: no event of it will come any more.
  package func unwatch(_ token: UInt32) {
    guard let index = watches.firstIndex(where: { $0.token == token }) else { return }
    let watch = watches.remove(at: index)
    guard let ring else {
      polled.remove(at: index)
      nextPolled = polled.count
      return
    }
    if watch.isArmed { cancellations.append(userData(of: watch)) }
    needsArming = true
    armWatches()
    ring.submit()
  }

  /// Begins and ends the polls that the ring does not have as the watches want them.
  ///
  /// What the kernel does not take now is tried again the next time.
  private func armWatches() {
    guard needsArming, let ring else { return }
    while let tag = cancellations.last, ring.cancelPoll(tag: tag, cancelTag: Kind.cancel) {
      cancellations.removeLast()
    }
    for index in watches.indices where !watches[index].isArmed {
      let watch = watches[index]
      watches[index].isArmed = ring.poll(watch.descriptor, tag: userData(of: watch))
    }
    needsArming = !cancellations.isEmpty || !watches.allSatisfy(\.isArmed)
  }

  private func userData(of watch: Watch) -> UInt64 {
    Kind.watch | UInt64(watch.serial) << 32 | UInt64(watch.token)
  }

  // MARK: Calls; only with a ring. Each returns false if the kernel takes no more at the moment

  package func read(
    _ descriptor: Descriptor, into vectors: borrowing IOVectors, at offset: UInt64, tag: UInt32
  ) -> Bool {
    let isTaken = ringForCall.read(
      descriptor, into: vectors, at: offset, tag: Kind.read | UInt64(tag))
    if isTaken { readsInFlight += 1 }
    return isTaken
  }

  package func write(
    _ descriptor: Descriptor, _ vectors: borrowing IOVectors, at offset: UInt64, flags: Int32,
    tag: UInt32
  ) -> Bool {
    ringForCall.write(descriptor, vectors, at: offset, flags: flags, tag: UInt64(tag))
  }

  /// `fsync`, or `fdatasync` if `dataOnly`.
  package func sync(_ descriptor: Descriptor, dataOnly: Bool, tag: UInt32) -> Bool {
    ringForCall.sync(descriptor, dataOnly: dataOnly, tag: UInt64(tag))
  }

  /// `fallocate` with the mode bits `mode`.
  package func allocate(
    _ descriptor: Descriptor, mode: Int32, offset: UInt64, byteCount: UInt64, tag: UInt32
  ) -> Bool {
    ringForCall.allocate(
      descriptor, mode: mode, offset: offset, byteCount: byteCount, tag: UInt64(tag))
  }

  private var ringForCall: Ring {
    guard let ring else { preconditionFailure("a deferred call without a ring") }
    return ring
  }

  // MARK: Events

  /// Whether there may be an event, for a thread that looks for one in place of sleeping: told from
  /// memory, without a call. Without a ring only a sleep finds events.
  package var hasNews: Bool {
    uncountedRing?.use { $0.hasNews } ?? false
  }

  /// Gives prepared calls to the kernel and has it post what has ended, if either is there.
  package func collect() {
    uncountedRing?.use { ring in
      if ring.needsEntering { ring.submitAndCollect() }
    }
  }

  /// Gives prepared calls to the kernel and sleeps until there is an event; now and then for less.
  package func wait() {
    sleepCount &+= 1
    guard let ring else { return waitByPolling() }
    armWatches()
    // A sleep without a poll might have no end.
    if needsArming { ring.submitAndCollect() } else { ring.submitAndWait() }
  }

  /// Takes the next event that `collect` or `wait` has brought.
  package func nextEvent() -> Event? {
    guard let uncountedRing else { return nextReadable() }
    while let completion = uncountedRing.use({ $0.next() }) {
      if let event = event(for: completion) { return event }
    }
    return nil
  }

  private func event(for completion: Ring.Completion) -> Event? {
    switch completion.tag & Kind.mask {
    case Kind.call, Kind.read:
      if completion.tag & Kind.mask == Kind.read { readsInFlight -= 1 }
      return .completed(
        tag: UInt32(truncatingIfNeeded: completion.tag), result: completion.result)
    case Kind.watch:
      let index = watches.firstIndex { self.userData(of: $0) == completion.tag }
      guard let index else { return nil }
      let watch = watches[index]
      note(completion, of: index)
      if !watch.isCounter { _ = watch.drain() }
      return .readable(token: watch.token)
    default:
      return nil
    }
  }

  /// A poll that ended and is to go on begins again before the next sleep.
  private func note(_ completion: Ring.Completion, of index: Int) {
    if completion.hasMore {
      watches[index].pollGoesOn()
    } else {
      watches[index].pollEnded(completion.result)
      if !watches[index].isArmed { needsArming = true }
    }
  }

  // MARK: Without a ring

  private func waitByPolling() {
    // SAFETY: the array lives through the call.
    let ready = unsafe poll(&polled, nfds_t(polled.count), -1)
    nextPolled = ready > 0 ? 0 : polled.count
  }

  private func nextReadable() -> Event? {
    while nextPolled < polled.count {
      let index = nextPolled
      nextPolled += 1
      guard polled[index].revents != 0 else { continue }
      let watch = watches[index]
      // What has nothing to read but its end, or is read and not empty, would keep the thread
      // awake for ever: poll passes over negative numbers.
      let isReadable = Int32(polled[index].revents) & POLLIN != 0
      if !isReadable || !watch.drain() { polled[index].fd = -1 }
      return .readable(token: watch.token)
    }
    return nil
  }
}
