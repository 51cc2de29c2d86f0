internal import FuseServer
internal import Linux
internal import Synchronization

/// Threads for requests that block and that the ring cannot take over.
///
/// None at start; one more whenever a request finds all of them busy, up to the limit. They end
/// with the pool.
final class WorkerPool<Provider: FileSystemProvider>: Sendable {
  private let state: State

  /// What the threads hold on to.
  private final class State: Sendable {
    let provider: Provider
    let session: FuseServer.Session
    let limit: Int
    /// Counts the jobs that wait, and at the end the threads that are to go.
    let jobsToTake = Semaphore()
    let queue = Mutex(Queue())

    init(provider: Provider, session: FuseServer.Session, limit: Int) {
      self.provider = provider
      self.session = session
      self.limit = limit
    }
  }

  /// Guarded by `State.queue`.
  private struct Queue {
    var jobs: [Job] = []
    var threadCount = 0
    var idleCount = 0
    var isEnding = false
  }

  private struct Job {
    var slot: LentSlot
    var home: FinishedRequests
  }

  init(provider: Provider, session: FuseServer.Session, limit: Int) {
    state = State(provider: provider, session: session, limit: limit)
  }

  deinit {
    let count = state.queue.withLock { queue in
      queue.isEnding = true
      return queue.threadCount
    }
    for _ in 0..<count { state.jobsToTake.signal() }
  }

  /// Has `slot` served by a worker, who gives it to `home` when it is done.
  ///
  /// A slot with a call is in the middle of a deferred call; one without is to be dispatched.
  func submit(_ slot: LentSlot, to home: FinishedRequests) {
    let needsThread = state.queue.withLock { queue in
      queue.jobs.append(Job(slot: slot, home: home))
      let needed = queue.idleCount < queue.jobs.count && queue.threadCount < state.limit
      if needed { queue.threadCount += 1 }
      return needed
    }
    state.jobsToTake.signal()
    if needsThread { startThread() }
  }

  private func startThread() {
    let state = self.state
    let started = try? Thread(name: "worker") { Self.run(state) }
    guard started == nil else { return }
    Self.forgetThread(of: state, .again)
  }

  // MARK: On a worker

  private static func run(_ state: State) {
    do throws(Errno) {
      let view = try state.provider.makeView(mayWait: true)
      let worker = Worker(dispatcher: Dispatcher(files: view, session: state.session))
      while let job = nextJob(state) {
        worker.serve(&job.slot.request)
        job.home.put(job.slot.number)
      }
    } catch {
      // The view needs a thread's own credentials; without them nothing can be served.
      forgetThread(of: state, error)
    }
  }

  /// Waits for the next job; nil when the thread is to end.
  private static func nextJob(_ state: State) -> Job? {
    while true {
      state.queue.withLock { $0.idleCount += 1 }
      state.jobsToTake.wait()
      let (job, isEnding) = state.queue.withLock { queue in
        queue.idleCount -= 1
        // A job that somebody else has failed leaves its signal behind.
        return (queue.jobs.isEmpty ? nil : queue.jobs.removeFirst(), queue.isEnding)
      }
      if job != nil || isEnding { return job }
    }
  }

  /// One thread is not to be had. Without any nobody would ever answer what waits.
  private static func forgetThread(of state: State, _ errno: Errno) {
    let jobs: [Job] = state.queue.withLock { queue in
      queue.threadCount -= 1
      guard queue.threadCount == 0 else { return [] }
      defer { queue.jobs = [] }
      return queue.jobs
    }
    var reply = ReplyBuffer(capacity: 0)
    for job in jobs {
      job.slot.request.answer(errno, with: &reply)
      job.home.put(job.slot.number)
    }
  }
}
