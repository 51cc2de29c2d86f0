internal import Frontend
internal import FuseProtocol
internal import Linux
internal import Synchronization

/// The queue for priority requests, through which every thread sends what the kernel forgets.
///
/// Nobody waits for the back-end here unless the ring is full.
final class ForgetLane: Sendable {
  private let queue: Mutex<RequestQueue>

  /// As many nodes as one message carries on: what fits a page.
  private static let mostNodes = 250

  /// A lane over a queue that nobody else uses.
  init(_ queue: RequestQueue) {
    queue.ring.suppressCalls()
    self.queue = Mutex(queue)
  }

  /// Sends FORGET or BATCH_FORGET.
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
    let failure = queue.withLock { queue -> FrontEndError? in
      do throws(FrontEndError) {
        for request in requests { try Self.submit(request, to: queue) }
        queue.flush()
        return nil
      } catch {
        return error
      }
    }
    guard let failure else { return }
    if case .timedOut = failure { throw .silent("FORGET", seconds: timeoutSeconds) }
    throw MountEnd(failure, doing: "forgetting")
  }

  private var timeoutSeconds: Int {
    queue.withLock { Int($0.timeout.components.seconds) }
  }

  private static func submit(
    _ request: FuseRequest, to queue: RequestQueue
  ) throws(FrontEndError) {
    while try queue.next() != nil {}
    while true {
      do throws(FrontEndError) {
        _ = try queue.submit(request)
        return
      } catch {
        guard error == .ringFull else { throw error }
        queue.flush()
        _ = try queue.collectAny()
        queue.ring.suppressCalls()
      }
    }
  }
}
