import Linux
import Synchronization

/// Something that went wrong on another thread.
struct Failure: Error {
  var what: String
}

/// Calls `body` with each number below `count`, each on a thread of its own; throws what the first
/// that failed threw.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let failures = FailureList()
  let done = Semaphore()
  for number in 0..<count {
    _ = try Thread(name: "test \(number)") {
      do {
        try body(number)
      } catch {
        failures.append(error)
      }
      done.signal()
    }
  }
  for _ in 0..<count { done.wait() }
  if let failure = failures.first { throw failure }
}

private final class FailureList: Sendable {
  private let failures = Mutex<[any Error]>([])

  func append(_ failure: any Error) {
    failures.withLock { $0.append(failure) }
  }

  var first: (any Error)? {
    failures.withLock { $0.first }
  }
}
