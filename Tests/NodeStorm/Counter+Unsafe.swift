import Linux

/// Words that threads change one after another, or, if the lock was forgotten, at once.
@safe
final class Counter: @unchecked Sendable {
  // SAFETY: for `@unchecked Sendable`: without the lock it is not safe, and shall not be.
  private nonisolated(unsafe) var value = 0
  private let lock = ThreadLock()
  private let isLocked: Bool

  init(isLocked: Bool) {
    self.isLocked = isLocked
  }

  func add() {
    if isLocked { lock.lock() }
    // SAFETY: as above.
    unsafe value += 1
    if isLocked { lock.unlock() }
  }

  /// Once all threads have ended.
  var count: Int {
    // SAFETY: as above.
    unsafe value
  }
}
