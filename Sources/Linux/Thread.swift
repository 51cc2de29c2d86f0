internal import CLinux

/// A thread of the process, with a name that tools show.
package struct Thread: ~Copyable, Sendable {
  private let thread: pthread_t

  /// Starts a thread that runs `body` once.
  ///
  /// Signals stay with the thread that asked for them: the new one blocks them all.
  ///
  /// - Parameter name: At most 15 bytes.
  /// - Throws: `EAGAIN` if the system has no more threads.
  package init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let start = ThreadStart(name: name, body: body)
    let context = unsafe Unmanaged.passRetained(start)
    var thread = pthread_t()
    // SAFETY: the retained box is taken over by the new thread, or released if there is none.
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
        start.run()
        return nil
      }, context.toOpaque())
    guard result == 0 else {
      unsafe context.release()
      throw Errno(rawValue: result)
    }
    self.thread = thread
  }

  /// Waits until the thread has ended.
  package consuming func join() {
    // Joined once, because this value is consumed; the thread's result is not wanted.
    _ = pthread_join(thread, nil)
    discard self
  }

  // Nobody will join it: its stack goes when it ends.
  deinit {
    pthread_detach(thread)
  }
}

private final class ThreadStart: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }

  func run() {
    var all = sigset_t()
    // SAFETY: the set lives through both calls.
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
    unsafe swift_set_thread_name(name)
    body()
  }
}

/// A counter to wait for: what a thread that cannot spin sleeps on.
@safe
package final class Semaphore: Sendable {
  // SAFETY: sem_t is used through its functions only, from any thread; see the calls.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  /// A counter of 0.
  package init() {
    // SAFETY: freed in deinit, when nobody can wait any more.
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    // SAFETY: the last reference is gone, so nobody waits.
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  /// Adds one, which wakes one waiter.
  package func signal() {
    // SAFETY: initialised in init. Overflow is beyond what our bounded queues can reach.
    _ = unsafe sem_post(semaphore)
  }

  /// Takes one away if there is one within `milliseconds`.
  ///
  /// - Returns: Whether there was.
  package func wait(milliseconds: Int) -> Bool {
    var deadline = timespec()
    // On a clock that nobody sets.
    // SAFETY: the structure lives through the call, as in the next one.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = deadline.tv_nsec + milliseconds % 1000 * 1_000_000
    deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    return unsafe sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline) == 0
  }

  /// Takes one away, once there is one.
  package func wait() {
    // SAFETY: initialised in init; EINTR is the only failure, and is retried.
    while unsafe sem_wait(semaphore) != 0 {}
  }
}
