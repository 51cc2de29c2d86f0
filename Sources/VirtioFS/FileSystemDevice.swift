package import FuseServer
package import Linux
package import Trace
package import Virtqueue

/// The virtio-fs device: queue 0 is hiprio, the others take requests (virtio 1.3, 5.11).
package final class FileSystemDevice<Provider: FileSystemProvider>: Device {
  private let provider: Provider
  private let session: FuseServer.Session
  private let space: ConfigurationSpace
  private let workers: WorkerPool<Provider>
  private let recorder: Recorder?
  private let makeService: @Sendable (RequestService<Provider>) -> any QueueService

  /// A device that serves `provider`'s file system.
  ///
  /// - Parameters:
  ///   - provider: Gives each thread its view.
  ///   - session: What INIT agreed, for all queues.
  ///   - configuration: What the driver reads.
  ///   - workerLimit: The most threads for calls that block, at least one.
  ///   - recorder: Records what crosses the rings, with as many lanes as there are queues.
  ///   - makeService: Makes of a thread's service what the transport calls: a class that is not
  ///     generic, for the sake of speed.
  package init(
    provider: Provider, session: FuseServer.Session, configuration: ConfigurationSpace,
    workerLimit: Int, recorder: Recorder? = nil,
    makeService: @escaping @Sendable (RequestService<Provider>) -> any QueueService
  ) {
    self.provider = provider
    self.session = session
    space = configuration
    self.recorder = recorder
    self.makeService = makeService
    workers = WorkerPool(provider: provider, session: session, limit: max(1, workerLimit))
  }

  package var features: Features { [] }
  package var queueCount: Int { 1 + space.requestQueueCount }
  package var configuration: [UInt8] { space.bytes }

  package func makeService(reactor: Reactor) throws(Errno) -> any QueueService {
    makeService(
      RequestService(
        dispatcher: Dispatcher(files: try provider.makeView(mayWait: false), session: session),
        reactor: reactor, workers: workers, recorder: recorder))
  }

  package func reset() {
    session.end { provider.endSession() }
    recorder?.noteReset()
  }
}
