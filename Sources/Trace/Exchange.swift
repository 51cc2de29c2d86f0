/// A request and what it was answered with.
package struct Exchange: Equatable, Sendable {
  package var request: TraceRecord
  /// Nil if the capture holds no reply: it was dropped, or the capture ended before it.
  package var reply: TraceRecord?

  package init(request: TraceRecord, reply: TraceRecord?) {
    self.request = request
    self.reply = reply
  }

  /// From the chain's being taken to its being returned, in nanoseconds; nil without a reply.
  package var nanoseconds: UInt64? {
    guard let reply else { return nil }
    return reply.time >= request.time ? reply.time - request.time : 0
  }
}

/// Brings requests and replies together by their serials, as they come out of a capture.
///
/// What waits for a reply is bounded: in number, by giving up the request that has waited longest;
/// in bytes, by not letting another one wait.
package struct ExchangePairing {
  /// The requests that wait, by serial.
  private var waiting: [UInt64: TraceRecord] = [:]
  /// Their serials in order, from `first` on; those that have been answered are still there.
  private var order: [UInt64] = []
  private var first = 0
  private var waitingByteCount = 0
  /// How many replies had no request in the capture.
  package private(set) var unmatchedReplyCount = 0

  private let mostWaiting: Int
  private static let mostWaitingBytes = 256 << 20

  /// - Parameter limit: How many requests may wait; all that a device of 64 queues has in flight.
  package init(limit: Int = 1 << 17) {
    mostWaiting = max(1, limit)
  }

  /// How many requests wait for their replies.
  package var waitingCount: Int { waiting.count }

  /// Takes the next record of the capture.
  ///
  /// - Returns: An exchange that is complete with this record, or was given up because of it; nil
  ///   for a request that waits now, an event, and a reply without a request.
  package mutating func add(_ record: TraceRecord) -> Exchange? {
    switch record.kind {
    case .event: return nil
    case .request: return wait(record)
    case .reply:
      guard let request = waiting.removeValue(forKey: record.serial) else {
        unmatchedReplyCount += 1
        return nil
      }
      waitingByteCount -= request.heldByteCount
      return Exchange(request: request, reply: record)
    }
  }

  /// Gives up the request that has waited longest, at the end of the capture.
  ///
  /// - Returns: Nil if none waits.
  package mutating func removeOldest() -> Exchange? {
    while first < order.count {
      let serial = order[first]
      first += 1
      guard let request = waiting.removeValue(forKey: serial) else { continue }
      waitingByteCount -= request.heldByteCount
      return Exchange(request: request, reply: nil)
    }
    return nil
  }

  private mutating func wait(_ request: TraceRecord) -> Exchange? {
    // Two requests with one serial: the first will not get its reply any more.
    if let old = waiting.updateValue(request, forKey: request.serial) {
      waitingByteCount += request.heldByteCount - old.heldByteCount
      return Exchange(request: old, reply: nil)
    }
    guard waitingByteCount + request.heldByteCount <= Self.mostWaitingBytes else {
      waiting[request.serial] = nil
      return Exchange(request: request, reply: nil)
    }
    waitingByteCount += request.heldByteCount
    compact()
    order.append(request.serial)
    return waiting.count > mostWaiting ? removeOldest() : nil
  }

  /// Forgets answered requests at the front, and everywhere once most of them are.
  private mutating func compact() {
    while first < order.count, waiting[order[first]] == nil { first += 1 }
    if order.count - first > 2 * waiting.count + 1024 {
      order = order[first...].filter { waiting[$0] != nil }
      first = 0
    } else if first > 4096, first > order.count / 2 {
      order.removeFirst(first)
      first = 0
    }
  }
}

extension TraceRecord {
  /// What it costs to hold, roughly.
  fileprivate var heldByteCount: Int { message.count + data.count + 160 }
}
