internal import FuseServer
internal import Linux
internal import Passthrough
internal import Trace
internal import VhostUser
internal import VirtioFS

/// Serves what `startup` has got ready, until the front-end leaves or a signal comes.
///
/// Builds the file system, the device and the session, in this order: from the host's directory
/// to the socket.
func serve(_ startup: consuming Startup) throws(StartupError) -> Ending {
  var startup = startup
  let log = startup.log
  let configuration = startup.configuration
  let share = try makeShare(&startup)
  let recorder = try startup.startRecording()
  // Last of all: the vrings' threads have ended by then.
  defer { Capture.end(recorder) }
  let device = FileSystemDevice(
    provider: share,
    session: FuseServer.Session {
      log.warningFromOutside("a malformed request of the guest: \($0)")
    },
    configuration: ConfigurationSpace(
      tag: configuration.tag ?? "", requestQueueCount: configuration.requestQueueCount),
    workerLimit: configuration.workerLimit, recorder: recorder, makeService: ShareService.init)
  guard let socket = try startup.entrance.waitForFrontend(or: startup.signals) else {
    return .stopped
  }
  log.information("Client connected, servicing requests")
  let session: VhostUser.Session
  do throws(Errno) {
    session = try VhostUser.Session(
      socket: socket, device: device, settings: configuration.queueSettings,
      offersConfiguration: configuration.tag != nil, stop: startup.signals.descriptor,
      observer: { note($0, configuration.engine, in: log) },
      abandon: {
        log.error("a request of the guest is stuck in the host's file system: leaving it")
        Capture.abandon(recorder)
        OwnProcess.exitAtOnce(1)
      })
  } catch {
    throw .failure("cannot serve the front-end: \(error)")
  }
  switch session.run() {
  case .disconnected: return .disconnected
  case .stopped: return .stopped
  case .violated(let reason):
    log.error("the front-end broke the vhost-user protocol: \(reason)")
    return .disconnected
  }
}

extension Startup {
  /// Starts recording, if that was asked for.
  fileprivate mutating func startRecording() throws(StartupError) -> Recorder? {
    guard let file = capture.take() else { return nil }
    return try Capture.start(file, log: log)
  }
}

private func makeShare(_ startup: inout Startup) throws(StartupError) -> Share {
  do throws(Errno) {
    return try Share(
      configuration: startup.fileSystem, directory: startup.root.borrowed.duplicate(),
      links: startup.links.duplicate())
  } catch .notSupported {
    throw .failure(
      "files of \(startup.configuration.sharedDirectory) cannot be opened by handle (the file "
        + "system has none, or CAP_DAC_READ_SEARCH is missing, or it is an overlay, which takes "
        + "--modcaps=+sys_admin); give --inode-file-handles=prefer")
  } catch {
    throw .failure("cannot share \(startup.configuration.sharedDirectory): \(error)")
  }
}

/// Says in the log what a front-end or a driver did.
private func note(_ event: SessionEvent, _ engine: IOEngine, in log: Log) {
  switch event {
  case .refused(let message, let reason):
    log.warningFromOutside("refused vhost-user request \(message.request): \(reason)")
  case .vringBroken(let index, let reason):
    log.warningFromOutside("vring \(index) is broken until the guest resets it: \(reason)")
  case .vringUnmapped(let index):
    log.warningFromOutside("vring \(index) is not in the memory that the front-end has left us")
  case .vringReady(0, usesRing: false) where engine == .auto:
    // Said once: the high-priority vring is there in every session.
    log.information("no io_uring here: files are read and written by threads")
  case .vringReady(let index, let usesRing):
    log.debug("vring \(index) is served with \(usesRing ? "io_uring" : "threads")")
  }
}

extension DaemonConfiguration {
  /// No more threads than can run at once: queues beyond that share them.
  fileprivate var queueSettings: QueueSettings {
    QueueSettings(
      engine: engine.reactorEngine, pollMicroseconds: pollMicroseconds,
      threadLimit: OwnProcess.cpuCount)
  }
}

extension IOEngine {
  fileprivate var reactorEngine: Reactor.Engine {
    switch self {
    case .auto: .auto
    case .uring: .uring
    case .sync: .sync
    }
  }
}
