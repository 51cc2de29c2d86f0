internal import Linux
internal import Synchronization

/// Requests on their way back from the workers to their queue's thread.
final class FinishedRequests: Sendable {
  /// Guards the slots in the order of their ends.
  private let slots = Mutex<[SlotNumber]>([])
  private let hasSlots = Atomic(false)
  private let event: EventDescriptor

  init() throws(Errno) {
    event = try EventDescriptor()
  }

  /// Readable when there are requests.
  var descriptor: Descriptor { event.borrowed }

  /// Gives `slot` back; the caller must not touch it again.
  func put(_ slot: SlotNumber) {
    slots.withLock { $0.append(slot) }
    hasSlots.store(true, ordering: .releasing)
    event.signal()
  }

  /// Whether `takeAll` would find requests.
  var hasSlotsToTake: Bool { hasSlots.load(ordering: .acquiring) }

  /// The requests given back since the last time.
  func takeAll() -> [SlotNumber] {
    guard hasSlots.load(ordering: .acquiring) else { return [] }
    hasSlots.store(false, ordering: .relaxed)
    return slots.withLock { slots in
      defer { slots = [] }
      return slots
    }
  }
}
