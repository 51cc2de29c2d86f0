internal import Linux
internal import Synchronization

/// A thread that an array can hold, to be waited for once.
final class JoinableThread: Sendable {
  private let thread: Mutex<Thread?>

  /// Starts a thread that runs `body` once.
  ///
  /// - Throws: `EAGAIN` if the system has no more threads.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    thread = Mutex(try Thread(name: name, body))
  }

  /// Waits until it has ended; returns at once if somebody else has waited.
  func join() {
    take()?.join()
  }

  /// Lets it end by itself.
  func detach() {
    _ = take()
  }

  private func take() -> Thread? {
    thread.withLock { $0.take() }
  }
}
