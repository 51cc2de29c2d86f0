package import FuseServer
package import Linux
internal import Trace
internal import Virtqueue

/// What the queues of one thread have in common: the thread's view of the file system, its reactor.
package final class RequestService<Provider: FileSystemProvider> {
  private let dispatcher: Dispatcher<Provider.View>
  private let reactor: Reactor
  private let workers: WorkerPool<Provider>
  private let recorder: Recorder?

  init(
    dispatcher: Dispatcher<Provider.View>, reactor: Reactor, workers: WorkerPool<Provider>,
    recorder: Recorder?
  ) {
    self.dispatcher = dispatcher
    self.reactor = reactor
    self.workers = workers
    self.recorder = recorder
  }

  /// The requests of the queue `index`.
  package func makeQueue(_ index: Int) throws(Errno) -> RequestQueue<Provider> {
    try RequestQueue(
      index: index, dispatcher: dispatcher, reactor: reactor, workers: workers,
      recorder: recorder)
  }

  package func quiesce() { dispatcher.files.quiesce() }
  package func willSleep() { dispatcher.files.goIdle() }
  package func didWake() { dispatcher.files.wake() }
}
