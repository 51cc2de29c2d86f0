internal import FuseServer
internal import Linux
internal import Trace
internal import Virtqueue

/// What the queues of one thread have in common: the thread's view of the file system, its reactor.
final class RequestService<Provider: FileSystemProvider>: QueueService {
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

  func makeHandler(queue index: Int) throws(Errno) -> any QueueHandler {
    try RequestQueue(
      index: index, dispatcher: dispatcher, reactor: reactor, workers: workers,
      recorder: recorder, lane: recorder?.lane(index))
  }

  func quiesce() { dispatcher.files.quiesce() }
  func willSleep() { dispatcher.files.goIdle() }
  func didWake() { dispatcher.files.wake() }
}
