internal import Linux
internal import Synchronization

/// What the recorder's thread sleeps on, and who wakes it.
final class RecorderBell: Sendable {
  private let semaphore = Semaphore()
  /// Whether the semaphore has been raised since the thread last looked.
  private let hasRung = Atomic(false)
  /// Whether the thread sleeps until somebody rings.
  private let isAsleep = Atomic(false)

  /// Wakes the thread, if nobody has done so already.
  func ring() {
    guard !hasRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
    semaphore.signal()
  }

  /// Wakes the thread if it would not look by itself.
  func ringIfAsleep() {
    // What has been published must be visible before the flag is read: the thread does the
    // reverse, so that one of the two sees the other.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard isAsleep.load(ordering: .acquiring) else { return }
    ring()
  }

  // MARK: The recorder's thread

  /// Waits for a ring, at most so long.
  func wait(milliseconds: Int) {
    _ = semaphore.wait(milliseconds: milliseconds)
    hasRung.store(false, ordering: .relaxed)
  }

  /// Sleeps until somebody rings, unless `hasWork` finds something in the last moment.
  func sleep(unless hasWork: () -> Bool) {
    isAsleep.store(true, ordering: .releasing)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if !hasWork() {
      semaphore.wait()
      hasRung.store(false, ordering: .relaxed)
    }
    isAsleep.store(false, ordering: .relaxed)
  }
}

/// Times since 1970 that do not go back, whatever somebody does to the clock meanwhile.
struct CaptureClock: Sendable {
  private let offset: UInt64

  init() {
    offset = SystemClock.nanosecondsSince1970 &- Self.monotonic
  }

  @inline(__always)
  var now: UInt64 { Self.monotonic &+ offset }

  @inline(__always)
  private static var monotonic: UInt64 {
    UInt64(truncatingIfNeeded: SystemClock.nanoseconds)
  }
}
