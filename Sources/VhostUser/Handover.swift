internal import Synchronization

/// A value that one thread leaves for another, who has a semaphore to wait for it.
final class Handover<Value: Sendable>: Sendable {
  private let slot = Mutex<Value?>(nil)

  func put(_ value: Value) {
    slot.withLock { $0 = value }
  }

  /// What was put, if anything was.
  func take() -> Value? {
    slot.withLock { slot in
      defer { slot = nil }
      return slot
    }
  }
}
