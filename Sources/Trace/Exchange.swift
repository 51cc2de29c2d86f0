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
  /// A request that waits, and its place in the order of all.
  private struct Waiting {
    let ordinal: UInt64
    let request: TraceRecord
  }

  /// The requests that wait, by serial.
  private var waiting: [UInt64: Waiting] = [:]
  /// The places of the requests in order, from `first` on; those that have been answered are still
  /// there. A serial may come again in a file that breaks the rule, an ordinal never does.
  private var order: [(serial: UInt64, ordinal: UInt64)] = []
  private var first = 0
  private var nextOrdinal: UInt64 = 0
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
      guard let request = waiting.removeValue(forKey: record.serial)?.request else {
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
      let place = order[first]
      first += 1
      guard isWaiting(place), let request = waiting.removeValue(forKey: place.serial)?.request
      else { continue }
      waitingByteCount -= request.heldByteCount
      return Exchange(request: request, reply: nil)
    }
    return nil
  }

  private func isWaiting(_ place: (serial: UInt64, ordinal: UInt64)) -> Bool {
    waiting[place.serial]?.ordinal == place.ordinal
  }

  private mutating func wait(_ request: TraceRecord) -> Exchange? {
    let old = waiting[request.serial]?.request
    let byteCount = waitingByteCount - (old?.heldByteCount ?? 0) + request.heldByteCount
    guard byteCount <= Self.mostWaitingBytes else { return Exchange(request: request, reply: nil) }
    waitingByteCount = byteCount
    waiting[request.serial] = Waiting(ordinal: nextOrdinal, request: request)
    compact()
    order.append((request.serial, nextOrdinal))
    nextOrdinal += 1
    // Two requests with one serial: the first will not get its reply any more.
    if let old { return Exchange(request: old, reply: nil) }
    return waiting.count > mostWaiting ? removeOldest() : nil
  }

  /// Forgets answered requests at the front, and everywhere once most of them are.
  private mutating func compact() {
    while first < order.count, !isWaiting(order[first]) { first += 1 }
    if order.count - first > 2 * waiting.count + 1024 {
      order = order[first...].filter(isWaiting)
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
