import Linux
import Synchronization
import TestSupport
import Testing

@testable import Passthrough

/// The thread that looks after mounts, without any.
@Suite struct MountKeeperTests {
  /// Looks that are counted, with answers given beforehand.
  private final class Looks: Sendable {
    private let answers: Mutex<[Int?]>
    private let made = Atomic(0)

    init(_ answers: [Int?]) {
      self.answers = Mutex(answers)
    }

    var count: Int { made.load(ordering: .sequentiallyConsistent) }

    func next() -> Int? {
      made.wrappingAdd(1, ordering: .sequentiallyConsistent)
      return answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }

  @Test func itLooksAsLongAsItIsTold() {
    let keeper = MountKeeper()
    let looks = Looks([1, 1, nil, nil])
    keeper.wake()
    keeper.begin { looks.next() }
    #expect(looks.count == 0, "nobody has woken it since")
    keeper.wake()
    #expect(waitUntil(.seconds(60)) { looks.count == 3 })
    // Nothing is held: whoever holds something wakes it again.
    _ = waitUntil(.seconds(3)) { looks.count > 3 }
    #expect(looks.count == 3)
    keeper.wake()
    #expect(waitUntil(.seconds(60)) { looks.count == 4 })
    keeper.end()
    keeper.wake()
    #expect(looks.count == 4)
  }

  @Test func newsShortenALongSleep() {
    let keeper = MountKeeper()
    let looks = Looks([3_600_000, nil])
    keeper.begin { looks.next() }
    keeper.wake()
    #expect(waitUntil(.seconds(60)) { looks.count == 1 })
    // It may still be on its way to sleep: then it has seen the news.
    keeper.wake()
    #expect(waitUntil(.seconds(60)) { looks.count == 2 })
    keeper.end()
  }

  @Test func anEndDoesNotWaitForWhatHangs() {
    let keeper = MountKeeper()
    let (started, hanging) = (Semaphore(), Semaphore())
    keeper.begin {
      started.signal()
      hanging.wait()
      return nil
    }
    keeper.wake()
    #expect(started.wait(milliseconds: 60_000))
    keeper.end(patience: 10)
    hanging.signal()
  }
}
