import Linux
import TestSupport
import Testing

/// A call that has waited is told from one that took long for another reason.
@Suite struct WaitWatchTests {
  @Test func aCallThatSleepsHasWaited() async throws {
    try await onOwnThread {
      var watch = WaitWatch()
      let start = watch.begin(sleepCount: 0)
      SystemClock.sleep(milliseconds: 20)
      let hasWaited = watch.hasWaited(since: start)
      #expect(hasWaited)
    }
  }

  /// Computing never gives the processor up by itself, however often it is taken away.
  @Test func aCallThatComputesHasNot() async throws {
    try await onOwnThread {
      var watch = WaitWatch()
      let start = watch.begin(sleepCount: 0)
      let end = SystemClock.now + .milliseconds(20)
      while SystemClock.now < end {}
      let hasWaited = watch.hasWaited(since: start)
      #expect(!hasWaited)
    }
  }

  /// The thread's own sleep between two calls is no call's.
  @Test func whatTheThreadSleptBeforeTheCallDoesNotCount() async throws {
    try await onOwnThread {
      var watch = WaitWatch()
      _ = watch.begin(sleepCount: 0)
      SystemClock.sleep(milliseconds: 20)
      let start = watch.begin(sleepCount: 1)
      let end = SystemClock.now + .milliseconds(20)
      while SystemClock.now < end {}
      let hasWaited = watch.hasWaited(since: start)
      #expect(!hasWaited)
    }
  }

  @Test func aShortCallHasNotWaitedWhateverItDid() async throws {
    try await onOwnThread {
      var watch = WaitWatch()
      let start = watch.begin(sleepCount: 0)
      let hasWaited = watch.hasWaited(since: start)
      #expect(!hasWaited)
    }
  }
}
