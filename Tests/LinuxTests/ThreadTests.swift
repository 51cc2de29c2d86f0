import Linux
import Synchronization
import Testing

@Suite struct ThreadTests {
  @Test func runsItsBodyOnceAndIsJoined() throws {
    let box = Counter()
    let thread = try Thread(name: "test") { box.value.wrappingAdd(1, ordering: .relaxed) }
    thread.join()
    #expect(box.value.load(ordering: .relaxed) == 1)
  }

  @Test func aSemaphoreLetsOneThroughForEachSignal() throws {
    let (semaphore, box) = (Semaphore(), Counter())
    let thread = try Thread(name: "test") {
      for _ in 0..<3 {
        semaphore.wait()
        box.value.wrappingAdd(1, ordering: .relaxed)
      }
    }
    for _ in 0..<3 { semaphore.signal() }
    thread.join()
    #expect(box.value.load(ordering: .relaxed) == 3)
  }

  private final class Counter: Sendable {
    let value = Atomic(0)
  }
}
