import Linux
import Testing

@testable import VhostUser

/// Which thread serves which vring.
@Suite struct QueueThreadsTests {
  private static func numbers(vrings: Int, limit: Int) -> [Int] {
    let threads = QueueThreads(vringCount: vrings, limit: limit) { (_) throws(Errno) in
      throw .again
    }
    return (0..<vrings).map(threads.number)
  }

  @Test func requestQueuesAreDealtOutAndPriorityRidesOnTheFirst() {
    #expect(Self.numbers(vrings: 9, limit: 3) == [0, 0, 1, 2, 0, 1, 2, 0, 1])
    #expect(Self.numbers(vrings: 5, limit: 8) == [0, 0, 1, 2, 3])
    #expect(Self.numbers(vrings: 2, limit: 64) == [0, 0])
    #expect(Self.numbers(vrings: 4, limit: 1) == [0, 0, 0, 0])
  }

  @Test func aThreadThatCannotBeMadeIsTriedAgain() throws {
    var attempts = 0
    var threads = QueueThreads(vringCount: 2, limit: 1) { (_) throws(Errno) in
      attempts += 1
      throw .again
    }
    for _ in 0..<2 { #expect(throws: Errno.again) { try threads.thread(of: 1) } }
    #expect(attempts == 2)
  }
}
