internal import CLinux

/// Tells whether a call has made its thread wait for something.
///
/// A call that takes long may also have lost the processor to another thread, which says nothing
/// about the call. So the thread's voluntary switches are looked at, but only after a call that
/// took long, and once after each sleep: for all others two looks at the processor's counter do.
package struct WaitWatch {
  /// The voluntary switches that are known of.
  private var switchCount: Int64 = 0
  /// How often the thread had slept then.
  private var sleepCount = -1

  /// What is shorter than this is no wait, in microseconds.
  private static let shortest: UInt64 = 2000

  package init() {}

  /// A call begins, on a thread that has slept so often by itself.
  ///
  /// - Returns: What `hasWaited` is to be given.
  @inline(__always)
  package mutating func begin(sleepCount: Int) -> UInt64 {
    if self.sleepCount != sleepCount {
      self.sleepCount = sleepCount
      switchCount = swift_thread_waits()
    }
    return TickCounter.now
  }

  /// Whether the call that began at `start`, and has just ended, has waited.
  @inline(__always)
  package mutating func hasWaited(since start: UInt64) -> Bool {
    let ticks = TickCounter.now &- start
    return ticks >= TickCounter.ticks(microseconds: Self.shortest) && hasSwitched()
  }

  private mutating func hasSwitched() -> Bool {
    let count = swift_thread_waits()
    defer { switchCount = count }
    return count != switchCount
  }
}
