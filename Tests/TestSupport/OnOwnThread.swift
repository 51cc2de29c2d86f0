internal import Linux
internal import Synchronization

/// What `body` returns or throws on a thread of its own, whose identity it may change.
///
/// Unlike with `onThread` it remains part of the calling test: what it expects counts there.
package func onOwnThread<R: Sendable>(
  _ body: @escaping @Sendable () throws -> R
) async throws -> R {
  let executor = try OneThread()
  defer { executor.stop() }
  return try await withTaskExecutorPreference(executor) { try await run(body) }
}

/// Runs `body` where the task prefers to.
@concurrent
private func run<R: Sendable>(_ body: @Sendable () throws -> R) async throws -> R {
  try body()
}

/// An executor with one thread, which ends with it.
private final class OneThread: TaskExecutor {
  private let jobs: JobQueue
  private let thread: Mutex<Thread?>

  init() throws {
    let jobs = JobQueue()
    self.jobs = jobs
    thread = Mutex(nil)
    // SAFETY: this object outlives its thread, which `stop` waits for.
    let executor = unsafe asUnownedTaskExecutor()
    let started = try Thread(name: "test") {
      // SAFETY: as above.
      while let job = jobs.next() { unsafe job.runSynchronously(on: executor) }
    }
    put(started)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    jobs.append(UnownedJob(job))
  }

  /// Waits until the thread has ended, which must not be the calling one.
  func stop() {
    jobs.append(nil)
    var ended: Thread?
    thread.withLock { ended = $0.take() }
    ended.take()?.join()
  }

  private func put(_ started: consuming Thread) {
    var started: Thread? = consume started
    thread.withLock { $0 = started.take() }
  }
}

/// Jobs in the order in which they came, and their end.
private final class JobQueue: Sendable {
  private let jobs = Mutex<[UnownedJob?]>([])
  private let arrivals = Semaphore()

  func append(_ job: UnownedJob?) {
    jobs.withLock { $0.append(job) }
    arrivals.signal()
  }

  /// The next job, waited for; nil after the last.
  func next() -> UnownedJob? {
    arrivals.wait()
    return jobs.withLock { $0.removeFirst() }
  }
}
