internal import Linux
internal import Synchronization

/// What the threads of an attached mount share: whether it has ended, and why.
final class MountSession: Sendable {
  private let reason = Mutex<MountEnd?>(nil)
  private let isOver = Atomic(false)
  private let event: EventDescriptor

  /// A session that goes on.
  init() throws(Errno) {
    event = try EventDescriptor()
  }

  /// Readable from the end on.
  var endEvent: Descriptor { event.borrowed }

  /// Whether it has ended: cheap enough to ask all the time.
  var hasEnded: Bool { isOver.load(ordering: .acquiring) }

  /// Why it has ended; nil as long as it goes on.
  var end: MountEnd? { reason.withLock { $0 } }

  /// Ends it; the first reason counts.
  func end(_ end: MountEnd) {
    reason.withLock { $0 = $0 ?? end }
    isOver.store(true, ordering: .releasing)
    event.signal()
  }
}
