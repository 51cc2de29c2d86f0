internal import Frontend
internal import FuseProtocol
internal import Linux
internal import Synchronization

/// The queue for priority requests, through which every thread sends what the kernel forgets.
///
/// Nobody waits for the back-end here unless the ring is full.
final class ForgetLane: Sendable {
  private let queue: Mutex<RequestQueue>
  private let session: MountSession
  private let timeout: Duration

  /// As many nodes as one message carries on: what fits a page.
  private static let mostNodes = 250

  /// How long a full ring is waited for before looking at it again.
  private static let slice = Duration.milliseconds(100)

  /// A lane over a queue that nobody else uses.
  ///
  /// - Parameter timeout: How long the ring may stay full; zero for no limit.
  init(_ queue: RequestQueue, session: MountSession, timeout: Duration) {
    queue.ring.suppressCalls()
    self.queue = Mutex(queue)
    self.session = session
    self.timeout = timeout
  }

  /// Sends FORGET or BATCH_FORGET; nothing when the session has ended.
  ///
  /// - Parameters:
  ///   - arguments: What follows the header.
  /// - Throws: `silent` if the back-end has let the ring fill up and does not take from it.
  func send(_ header: InHeader, _ arguments: [UInt8]) throws(MountEnd) {
    if header.opcode == Opcode.forget.rawValue {
      return try send([request(header, arguments)])
    }
    let nodes = arguments.dropFirst(MemoryLayout<BatchForgetIn>.size)
    let size = MemoryLayout<ForgetOne>.size
    var requests: [FuseRequest] = []
    var start = nodes.startIndex
    while start < nodes.endIndex {
      let end = min(start + Self.mostNodes * size, nodes.endIndex)
      var part: [UInt8] = []
      part.append(wire: BatchForgetIn(count: UInt32((end - start) / size)))
      part += nodes[start..<end]
      requests.append(request(header, part))
      start = end
    }
    try send(requests)
  }

  private func request(_ header: InHeader, _ arguments: [UInt8]) -> FuseRequest {
    var request = FuseRequest(
      opcode: header.opcode, node: header.node, arguments: arguments, replyByteCount: nil)
    (request.uid, request.gid, request.pid) = (header.uid, header.gid, header.pid)
    request.unique = header.unique
    return request
  }

  private func send(_ requests: [FuseRequest]) throws(MountEnd) {
    let end = queue.withLock { queue -> MountEnd? in
      do throws(MountEnd) {
        for request in requests { try submit(request, to: queue) }
        queue.flush()
        return nil
      } catch {
        return error
      }
    }
    if let end { throw end }
  }

  private func submit(_ request: FuseRequest, to queue: RequestQueue) throws(MountEnd) {
    var waited = Duration.zero
    // Whoever had the lock before may have waited until the end.
    while !session.hasEnded {
      do throws(FrontEndError) {
        while try queue.next() != nil {}
        _ = try queue.submit(request)
        return
      } catch {
        guard error == .ringFull else { throw MountEnd(error, doing: "forgetting") }
      }
      queue.flush()
      guard timeout == .zero || waited <= timeout else {
        throw .silent("taken FORGET", seconds: Int(timeout.components.seconds))
      }
      waited += try wait(for: queue.ring)
    }
  }

  /// Waits until the back-end has taken something, the session has ended, or a slice is over.
  ///
  /// - Returns: How long; of a time in which we were stopped, and the back-end perhaps, not more
  ///   than two slices.
  private func wait(for ring: DriverRing) throws(MountEnd) -> Duration {
    let start = SystemClock.now
    defer { ring.suppressCalls() }
    guard ring.preparesToSleep() else { return .zero }
    do throws(Errno) {
      let ready = try Descriptor.pollInput(
        [ring.call.readable, session.endEvent, ring.error.borrowed], milliseconds: 100)
      if ready & 1 != 0 { ring.call.clear() }
      if ready & 4 != 0 { throw .protocolError }
    } catch {
      if error == .protocolError { throw .violation("it says that a vring is broken") }
      throw .system("cannot wait for the back-end", error)
    }
    return min(SystemClock.now - start, Self.slice * 2)
  }
}
