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
