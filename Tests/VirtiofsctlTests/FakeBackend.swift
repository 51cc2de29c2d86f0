import FuseProtocol
import Linux
import Synchronization
import TestSupport
import VhostUser
import Virtqueue

/// A back-end in this process that answers INIT, FORGET and DESTROY as it should, and every other
/// request with what it is told to.
final class FakeBackend: Sendable {
  /// The bytes of a reply to a request with that header.
  typealias Answer = @Sendable (InHeader) -> [UInt8]

  /// Where it listens.
  let socket: String
  private let directory: TemporaryDirectory
  private let stop: EventDescriptor
  private let thread: Mutex<Thread?>

  /// Listens; serves the first front-end that connects.
  init(_ answer: @escaping Answer) throws {
    directory = try TemporaryDirectory("fake")
    socket = directory.path("socket")
    let listening = try ListeningSocket(path: socket)
    stop = try EventDescriptor()
    let number = stop.borrowed
    let device = FakeDevice(answer)
    let shared = SharedDescriptor(try listening.borrowed.duplicate())
    let started = try Thread(name: "fake") {
      try? Self.serve(shared.borrowed, device, until: number)
    }
    thread = Mutex(nil)
    put(started)
  }

  deinit {
    stop.signal()
    var ended: Thread?
    thread.withLock { ended = $0.take() }
    ended.take()?.join()
  }

  private static func serve(
    _ socket: Descriptor, _ device: FakeDevice, until stop: Descriptor
  ) throws(Errno) {
    guard try Descriptor.pollInput([socket, stop], milliseconds: 20_000) == 1 else { return }
    let listening = ListeningSocket(taking: try socket.duplicate())
    let session = try Session(
      socket: try listening.accept(), device: device,
      settings: QueueSettings(engine: .sync, pollMicroseconds: nil, threadLimit: 1),
      offersConfiguration: false, stop: stop, observer: { _ in },
      abandon: { preconditionFailure("the fake has nothing in flight") })
    _ = session.run()
  }

  private func put(_ started: consuming Thread) {
    var started: Thread? = consume started
    thread.withLock { $0 = started.take() }
  }
}

/// Its device: one request queue.
private final class FakeDevice: Device {
  private let answer: FakeBackend.Answer

  init(_ answer: @escaping FakeBackend.Answer) {
    self.answer = answer
  }

  var features: Features { [] }
  var queueCount: Int { 2 }
  var configuration: [UInt8] { [] }

  func makeService(reactor: Reactor) throws(Errno) -> any QueueService {
    FakeService(answer)
  }

  func reset() {}
}

private final class FakeService: QueueService {
  private let answer: FakeBackend.Answer

  init(_ answer: @escaping FakeBackend.Answer) {
    self.answer = answer
  }

  func makeHandler(queue index: Int) throws(Errno) -> any QueueHandler {
    FakeHandler(answer)
  }

  func quiesce() {}
  func willSleep() {}
  func didWake() {}
}

private final class FakeHandler: QueueHandler {
  private let answer: FakeBackend.Answer
  private var chain = Chain()

  init(_ answer: @escaping FakeBackend.Answer) {
    self.answer = answer
  }

  var hasRoom: Bool { true }
  var inFlight: Int { 0 }
  var oldestMemoryGeneration: UInt32? { nil }

  func beginBatch(from queue: SplitQueue) throws(ChainError) -> Int {
    var batch = Batch()
    while try begin(from: queue), batch.goesOn() {}
    return batch.count
  }

  private func begin(from queue: SplitQueue) throws(ChainError) -> Bool {
    chain.removeAll()
    guard try queue.take(into: &chain) else { return false }
    var header = InHeader()
    unsafe withUnsafeMutableBytes(of: &header) { bytes in
      guard let start = bytes.baseAddress else { return }
      unsafe chain.readable.copyOut(to: start, count: bytes.count)
    }
    let reply = Array(reply(to: header).prefix(chain.writable.byteCount))
    unsafe chain.writable.copyIn(reply.span.bytes)
    queue.complete(head: chain.head, written: UInt32(reply.count))
    return true
  }

  private func reply(to header: InHeader) -> [UInt8] {
    switch Opcode(rawValue: header.opcode) {
    case .forget?, .batchForget?: return []
    case .destroy?: return wire(OutHeader(byteCount: 16, unique: header.unique))
    case .`init`?:
      return wire(OutHeader(byteCount: 80, unique: header.unique))
        + wire(InitOut(major: 7, minor: 38, maximumWrite: 65536))
    default: return answer(header)
    }
  }

  func complete(tag: UInt32, result: Int32, on queue: SplitQueue) {}
  var hasEndedElsewhere: Bool { false }
  func collect(on queue: SplitQueue) {}
  func endBatch() {}
}

/// The bytes of a structure.
func wire<T: WireValue>(_ value: T) -> [UInt8] {
  unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}
