internal import Linux
internal import Synchronization

/// What `body` returns or throws on a thread of its own, whose identity it may change.
package func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
  let box = ResultBox<R>()
  let thread = try Thread(name: "test") { box.fill(body) }
  thread.join()
  guard let result = box.result else { preconditionFailure("the thread has ended without one") }
  return try result.get()
}

/// Runs `body` on `count` threads at once, each with its number, until all are done.
package func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
  guard count > 0 else { return }
  let thread = try Thread(name: "test-\(count - 1)") { body(count - 1) }
  let others = Result { try onThreads(count - 1, body) }
  thread.join()
  try others.get()
}

private final class ResultBox<R: Sendable>: Sendable {
  private let value = Mutex<Result<R, any Error>?>(nil)

  var result: Result<R, any Error>? {
    value.withLock { $0 }
  }

  func fill(_ body: () throws -> R) {
    let result = Result { try body() }
    value.withLock { $0 = result }
  }
}
