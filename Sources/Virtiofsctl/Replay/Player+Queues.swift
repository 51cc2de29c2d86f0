internal import Frontend
internal import FuseProtocol

// The queues.
extension Player {
  /// Puts a request into a queue, when there is room.
  ///
  /// - Parameter data: What a WRITE writes.
  /// - Parameter room: How many bytes of file data the reply may have.
  @discardableResult
  func submit(
    _ request: FuseRequest, _ purpose: Purpose, queue: Int, data: [UInt8] = [], room: Int = 0
  ) throws(ToolError) -> UInt64 {
    while true {
      do throws(FrontEndError) {
        return try put(request, purpose, queue, data, room)
      } catch {
        guard error == .ringFull || error == .outOfGuestMemory, !flights.isEmpty else {
          throw failure(error)
        }
        try collect()
      }
    }
  }

  private func put(
    _ request: FuseRequest, _ purpose: Purpose, _ index: Int, _ data: [UInt8], _ room: Int
  ) throws(FrontEndError) -> UInt64 {
    let queue = device.queues[index]
    var flight = Flight(purpose: purpose, queue: index, sent: .now)
    do throws(FrontEndError) {
      var request = request
      if !data.isEmpty {
        let buffer = try queue.arena.allocate(data.count)
        flight.data = buffer
        device.memory.store(bytes: data, at: buffer.address)
        request.data = [buffer]
      }
      if room > 0 {
        let buffer = try queue.arena.allocate(room)
        flight.room = buffer
        request.replyData = [buffer]
      }
      let ticket = try queue.submit(request)
      flights[ticket] = flight
      result.concurrency = max(result.concurrency, flights.count)
      sendOrder.append(ticket)
      unflushed.insert(index)
      return ticket
    } catch {
      free(flight)
      throw error
    }
  }

  private func free(_ flight: Flight) {
    let arena = device.queues[flight.queue].arena
    if let data = flight.data { arena.free(data) }
    if let room = flight.room { arena.free(room) }
  }

  /// Takes all replies that have come; waits for one if there is none.
  ///
  /// - Parameter moment: Until when to wait, if not for as long as a request may take.
  func collect(until moment: ContinuousClock.Instant? = nil) throws(ToolError) {
    for index in unflushed { device.queues[index].flush() }
    unflushed.removeAll(keepingCapacity: true)
    guard try takeAll() == 0 else { return }
    let limit = oldestFlight.map { $0.sent + options.timeout }
    let deadline = min(moment ?? limit ?? .now, limit ?? moment ?? .now)
    do throws(FrontEndError) {
      let left = ContinuousClock.now.duration(to: deadline)
      let hasCome = try device.waitForAny(until: Deadline(after: max(.zero, left)))
      if !hasCome, let limit, ContinuousClock.now >= limit {
        throw FrontEndError.timedOut(.completing)
      }
    } catch {
      throw failure(error)
    }
    _ = try takeAll()
  }

  private func takeAll() throws(ToolError) -> Int {
    var count = 0
    for queue in device.queues {
      do throws(FrontEndError) {
        while let reply = try queue.next() {
          count += 1
          take(reply)
        }
      } catch {
        throw failure(error)
      }
    }
    return count
  }

  private func take(_ reply: FuseReply) {
    guard let flight = flights.removeValue(forKey: reply.ticket) else { return }
    var answer = LiveReply(reply)
    if let room = flight.room, reply.dataByteCount > 0 {
      answer.data = device.memory.bytes(of: room.part(from: 0, byteCount: reply.dataByteCount))
    }
    free(flight)
    switch flight.purpose {
    case .step(let index): complete(index, answer, after: flight.sent.duration(to: .now))
    case .extra: extraReplies[reply.ticket] = answer
    case .ignored: break
    }
  }

  /// The request that has been in flight for longest.
  var oldestFlight: Flight? {
    while oldest < sendOrder.count {
      if let flight = flights[sendOrder[oldest]] { return flight }
      oldest += 1
    }
    sendOrder.removeAll(keepingCapacity: true)
    oldest = 0
    return nil
  }
}
