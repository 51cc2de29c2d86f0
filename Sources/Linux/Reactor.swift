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
  private var watches: [Watch] = []
  /// Polls of watches that are gone, still to be cancelled.
  private var cancellations: [UInt64] = []
  /// Completions of cancelled polls carry the serial of their watch and are ignored.
  private var serial: UInt32 = 0

  private struct Watch {
    var descriptor: Descriptor
    var token: UInt32
    var serial: UInt32
    /// Whether the ring has a poll for it.
    var isArmed = false
  }

  /// The top bits of a completion's user data: what kind it is.
  private enum Kind {
    static let call: UInt64 = 0
    static let watch: UInt64 = 1 << 62
    static let cancel: UInt64 = 2 << 62
    static let mask: UInt64 = 3 << 62
  }

  /// - Throws: The reason why there is no io_uring, if `engine` insists on it.
  package init(engine: Engine) throws(Errno) {
    switch engine {
    case .sync: ring = nil
    case .uring: ring = try Ring()
    case .auto: ring = try? Ring()
    }
  }

  /// Whether calls can be given to the kernel to complete later.
  package var hasRing: Bool { ring != nil }
  /// Calls given and not yet completed.
  private var callsInFlight = 0
  /// Whether `collect` can have anything to do: sleeping finds all the rest.
  package var hasCallsToCollect: Bool { callsInFlight > 0 }

  // MARK: Readiness

  /// Reports each time `descriptor`, which must be nonblocking, becomes readable.
  ///
  /// Whoever handles the event must clear the descriptor. It must stay open until `unwatch`.
  package func watch(_ descriptor: Descriptor, as token: UInt32) {
    serial = (serial &+ 1) & 0x3fff_ffff
    watches.append(Watch(descriptor: descriptor, token: token, serial: serial))
  }

  /// Ends the watch with `token`; an event of it may still have been collected, but none will be.
  package func unwatch(_ token: UInt32) {
    watches.removeAll { watch in
      guard watch.token == token else { return false }
      if watch.isArmed { cancellations.append(userData(of: watch)) }
      return true
    }
    armWatches()
    ring?.submit()
  }

  /// Begins and ends the polls that the ring does not have as the watches want them.
  ///
  /// What the kernel does not take now is tried again the next time.
  private func armWatches() {
    guard let ring else { return }
    while let tag = cancellations.last, ring.cancelPoll(tag: tag, cancelTag: Kind.cancel) {
      cancellations.removeLast()
    }
    for index in watches.indices where !watches[index].isArmed {
      let watch = watches[index]
      watches[index].isArmed = ring.poll(watch.descriptor, tag: userData(of: watch))
    }
  }

  private func userData(of watch: Watch) -> UInt64 {
    Kind.watch | UInt64(watch.serial) << 32 | UInt64(watch.token)
  }

  // MARK: Calls; only with a ring. Each returns false if the kernel takes no more at the moment

  package func read(
    _ descriptor: Descriptor, into vectors: borrowing IOVectors, at offset: UInt64, tag: UInt32
  ) -> Bool {
    counted(ringForCall.read(descriptor, into: vectors, at: offset, tag: UInt64(tag)))
  }

  package func write(
    _ descriptor: Descriptor, _ vectors: borrowing IOVectors, at offset: UInt64, flags: Int32,
    tag: UInt32
  ) -> Bool {
    counted(ringForCall.write(descriptor, vectors, at: offset, flags: flags, tag: UInt64(tag)))
  }

  /// `fsync`, or `fdatasync` if `dataOnly`.
  package func sync(_ descriptor: Descriptor, dataOnly: Bool, tag: UInt32) -> Bool {
    counted(ringForCall.sync(descriptor, dataOnly: dataOnly, tag: UInt64(tag)))
  }

  /// `fallocate` with the mode bits `mode`.
  package func allocate(
    _ descriptor: Descriptor, mode: Int32, offset: UInt64, byteCount: UInt64, tag: UInt32
  ) -> Bool {
    counted(
      ringForCall.allocate(
        descriptor, mode: mode, offset: offset, byteCount: byteCount, tag: UInt64(tag)))
  }

  private var ringForCall: Ring {
    guard let ring else { preconditionFailure("a deferred call without a ring") }
    return ring
  }

  private func counted(_ isTaken: Bool) -> Bool {
    if isTaken { callsInFlight += 1 }
    return isTaken
  }

  // MARK: Events

  /// Gives prepared calls to the kernel and reports what has happened, without waiting.
  package func collect(_ body: (Event) -> Void) {
    guard let ring else { return pollWatches(waiting: false, body) }
    armWatches()
    ring.submitAndCollect()
    report(from: ring, body)
  }

  /// Sleeps until something happens, then reports it.
  ///
  /// May return without an event.
  package func wait(_ body: (Event) -> Void) {
    guard let ring else { return pollWatches(waiting: true, body) }
    armWatches()
    ring.submitAndWait()
    report(from: ring, body)
  }

  private func report(from ring: Ring, _ body: (Event) -> Void) {
    ring.reap { userData, result, more in
      switch userData & Kind.mask {
      case Kind.call:
        callsInFlight -= 1
        body(.completed(tag: UInt32(truncatingIfNeeded: userData), result: result))
      case Kind.watch:
        guard let index = watches.firstIndex(where: { self.userData(of: $0) == userData }) else {
          return
        }
        // A multishot poll ends when the kernel ran out of something: it begins again before the
        // next sleep. One that cannot be is left alone; its descriptor is the front-end's fault.
        if !more, result >= 0 || result == -ENOMEM { watches[index].isArmed = false }
        body(.readable(token: watches[index].token))
      default:
        return
      }
    }
  }

  private func pollWatches(waiting: Bool, _ body: (Event) -> Void) {
    var entries = watches.map { watch in
      pollfd(fd: watch.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    }
    // SAFETY: the array lives through the call; ppoll without a timeout and mask sleeps as poll.
    let ready = unsafe poll(&entries, nfds_t(entries.count), waiting ? -1 : 0)
    guard ready > 0 else { return }
    for (watch, entry) in zip(watches, entries) where entry.revents != 0 {
      // What has nothing to read but its end would keep the thread awake for ever.
      if Int32(entry.revents) & POLLIN == 0 { watches.removeAll { $0.serial == watch.serial } }
      body(.readable(token: watch.token))
    }
  }
}
