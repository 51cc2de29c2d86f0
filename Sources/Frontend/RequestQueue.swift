internal import FuseProtocol
internal import Linux

/// A queue of FUSE requests: many may be in flight, and replies are collected in any order.
///
/// Every reply is checked against the rules of virtio-fs before anybody sees it. One thread at a
/// time; several queues of a device may be used by as many threads.
package final class RequestQueue {
  /// The ring below.
  package let ring: DriverRing
  /// How long `collect` waits.
  package var timeout: Duration
  /// How chains are laid out.
  package var shape = ChainShape.automatic
  /// How requests and replies are cut into buffers.
  package var framing = Framing.separate
  /// Whether replies that break the rules of virtio-fs are refused; else they are handed out.
  package var isStrict = true
  /// Where requests and replies lie.
  package let arena: Arena

  private var slots: [RequestSlot] = []
  private var freeSlots: [Int] = []
  private var finished: [UInt64: FuseReply] = [:]
  private var lastTicket: UInt64
  private var segments: [ChainSegment] = []

  /// A queue over `ring`, whose uniques differ from those of every other vring's.
  package init(ring: DriverRing, timeout: Duration = .seconds(10)) {
    self.ring = ring
    self.timeout = timeout
    arena = Arena(ring.memory.region)
    lastTicket = UInt64(ring.vring) << 48
  }

  /// How many requests the device has.
  package var inFlightCount: Int {
    ring.outstandingCount
  }

  /// Puts a request into the ring; `flush` shows it to the device.
  ///
  /// - Returns: What to collect the reply by; also the request's `unique`, if it brings none.
  /// - Throws: `ringFull`, `outOfGuestMemory`.
  package func submit(_ request: FuseRequest) throws(FrontEndError) -> UInt64 {
    let index = try takeSlot()
    lastTicket += 2
    do throws(FrontEndError) {
      try prepare(index, request)
      try ring.add(segments, token: UInt64(index), shape: shape)
    } catch {
      freeSlots.append(index)
      throw error
    }
    return lastTicket
  }

  /// Shows the device what was submitted, with a kick if it wants one.
  package func flush() {
    ring.publish()
  }

  /// The reply to the request of `ticket`; waits for it.
  ///
  /// A request without room for a reply gives one without a header.
  ///
  /// - Throws: `timedOut`, `vringBroken`, `violation`.
  package func collect(_ ticket: UInt64) throws(FrontEndError) -> FuseReply {
    let deadline = Deadline(after: timeout)
    while true {
      if let reply = finished.removeValue(forKey: ticket) { return reply }
      while let reply = try takeReply() {
        if reply.ticket == ticket { return reply }
        finished[reply.ticket] = reply
      }
      try ring.wait(until: deadline)
    }
  }

  /// The next reply of any request; waits for one.
  ///
  /// - Throws: As `collect`.
  package func collectAny() throws(FrontEndError) -> FuseReply {
    let deadline = Deadline(after: timeout)
    while true {
      if let reply = try next() { return reply }
      try ring.wait(until: deadline)
    }
  }

  /// The next reply of any request, if there is one by now.
  ///
  /// - Throws: `violation`.
  package func next() throws(FrontEndError) -> FuseReply? {
    if let ticket = finished.keys.first { return finished.removeValue(forKey: ticket) }
    return try takeReply()
  }

  /// Sends a request and waits for its reply.
  ///
  /// - Throws: As `submit` and `collect`. An error of the reply is not thrown.
  package func call(_ request: FuseRequest) throws(FrontEndError) -> FuseReply {
    let ticket = try submit(request)
    flush()
    return try collect(ticket)
  }
}

extension RequestQueue {
  private func takeSlot() throws(FrontEndError) -> Int {
    if let index = freeSlots.popLast() { return index }
    slots.append(RequestSlot(request: try arena.allocate(512), reply: try arena.allocate(256)))
    return slots.count - 1
  }

  /// Writes the request into the slot's memory and lists the chain's segments.
  private func prepare(_ index: Int, _ request: FuseRequest) throws(FrontEndError) {
    let headerByteCount = MemoryLayout<InHeader>.size
    let inByteCount = headerByteCount + request.arguments.count
    let outByteCount = request.replyByteCount.map { MemoryLayout<OutHeader>.size + $0 }
    try grow(&slots[index].request, to: inByteCount)
    try grow(&slots[index].reply, to: outByteCount ?? 0)
    let slot = slots[index]
    let header = request.header(unique: lastTicket)
    arena.region.store(header, at: slot.request.address)
    arena.region.store(
      bytes: request.arguments.rawBytes, at: slot.request.address + headerByteCount)
    slots[index].ticket = lastTicket
    slots[index].unique = header.unique
    slots[index].outByteCount = outByteCount ?? 0
    slots[index].roomByteCount =
      (outByteCount ?? 0) + request.replyData.reduce(0) { $0 + $1.byteCount }
    slots[index].expectsReply = outByteCount != nil

    segments.removeAll(keepingCapacity: true)
    let sent = min(inByteCount, request.sentByteCount ?? .max)
    append(slot.request.part(from: 0, byteCount: sent), split: headerByteCount, false)
    for buffer in request.data { append(buffer, split: 0, false) }
    if let outByteCount {
      append(
        slot.reply.part(from: 0, byteCount: outByteCount), split: MemoryLayout<OutHeader>.size,
        true)
      for buffer in request.replyData { append(buffer, split: 0, true) }
    }
  }

  /// Lists `buffer`, cut after its header and into pieces as `framing` says.
  private func append(_ buffer: GuestBuffer, split: Int, _ isDeviceWritable: Bool) {
    switch framing {
    case .merged:
      appendWhole(buffer, isDeviceWritable)
    case .separate:
      appendWhole(buffer.part(from: 0, byteCount: split), isDeviceWritable)
      appendWhole(buffer.part(from: split), isDeviceWritable)
    case .pieces(let byteCount):
      for piece in buffer.pieces(of: byteCount) { appendWhole(piece, isDeviceWritable) }
    }
  }

  private func appendWhole(_ buffer: GuestBuffer, _ isDeviceWritable: Bool) {
    guard buffer.byteCount > 0 else { return }
    segments.append(ChainSegment(buffer: buffer, isDeviceWritable: isDeviceWritable))
  }

  private func grow(_ buffer: inout GuestBuffer, to byteCount: Int) throws(FrontEndError) {
    guard buffer.byteCount < byteCount else { return }
    let larger = try arena.allocate(byteCount)
    arena.free(buffer)
    buffer = larger
  }

  private func takeReply() throws(FrontEndError) -> FuseReply? {
    guard let completion = try ring.take() else { return nil }
    let index = Int(completion.token)
    defer { freeSlots.append(index) }
    let slot = slots[index]
    let used = Int(completion.byteCount)
    var reply = FuseReply(
      ticket: slot.ticket, usedByteCount: used, header: nil, body: [], dataByteCount: 0)
    if used >= MemoryLayout<OutHeader>.size, slot.outByteCount >= MemoryLayout<OutHeader>.size {
      let bodyStart = MemoryLayout<OutHeader>.size
      reply.header = arena.region.load(OutHeader.self, at: slot.reply.address)
      let bodyEnd = min(used, slot.outByteCount)
      if bodyEnd > bodyStart {
        reply.body = arena.region.bytes(
          at: slot.reply.address + bodyStart, count: bodyEnd - bodyStart)
      }
      reply.dataByteCount = used - bodyEnd
    }
    if isStrict { try check(reply, slot) }
    return reply
  }

  /// What virtio-fs demands of every reply; virtio 1.3, 5.11.6 and the FUSE protocol.
  private func check(_ reply: FuseReply, _ slot: RequestSlot) throws(FrontEndError) {
    guard let header = reply.header else {
      // Without room for a header nothing may have been written; with it, the request may have
      // been no request.
      guard reply.usedByteCount == 0 else { throw .violation(.unexpectedReply) }
      return
    }
    let used = UInt32(reply.usedByteCount)
    guard header.byteCount == used else {
      throw .violation(.replyLength(header: header.byteCount, used: used))
    }
    guard header.unique == slot.unique else { throw .violation(.replyUnique(header.unique)) }
    guard (-511...0).contains(header.error) else {
      throw .violation(.replyError(header.error))
    }
    guard header.error == 0 || used == UInt32(MemoryLayout<OutHeader>.size) else {
      throw .violation(.replyError(header.error))
    }
  }
}

/// A request in flight.
private struct RequestSlot {
  var request: GuestBuffer
  var reply: GuestBuffer
  var ticket: UInt64 = 0
  var unique: UInt64 = 0
  /// How much room the reply has in `reply`.
  var outByteCount = 0
  /// How much room it has with the request's own buffers.
  var roomByteCount = 0
  var expectsReply = false

  init(request: GuestBuffer, reply: GuestBuffer) {
    self.request = request
    self.reply = reply
  }
}
