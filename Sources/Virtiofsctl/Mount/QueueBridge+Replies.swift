internal import Frontend
internal import FuseProtocol
internal import Linux

extension QueueBridge {
  /// Hands what the back-end has answered to the kernel.
  ///
  /// - Returns: How many replies there were.
  /// - Throws: `violation` if one of them breaks a rule.
  func passReplies() throws(MountEnd) -> Int {
    var count = 0
    while let completion = try takeCompletion() {
      count += 1
      let index = Int(completion.token)
      defer { freeSlots.append(index) }
      guard let request = slots[index].request else { continue }
      slots[index].request = nil
      try passReply(to: request, in: slots[index], Int(completion.byteCount))
    }
    return count
  }

  private func takeCompletion() throws(MountEnd) -> DriverRing.Completion? {
    do throws(FrontEndError) {
      return try ring.take()
    } catch {
      throw MountEnd(error, doing: "taking replies")
    }
  }

  private func passReply(
    to request: BridgeSlot.Request, in slot: BridgeSlot, _ used: Int
  ) throws(MountEnd) {
    let name = operationName(request.opcode)
    let headerByteCount = MemoryLayout<OutHeader>.size
    guard used >= headerByteCount else {
      throw .violation("\(name) was answered with \(used) bytes, which is no reply")
    }
    let header = region.load(OutHeader.self, at: slot.reply.address)
    guard Int(header.byteCount) == used else {
      throw .violation(
        "the reply to \(name) says that it has \(header.byteCount) bytes, and has \(used)")
    }
    guard header.unique == request.unique else {
      throw .violation("the reply to \(name) is one to another request")
    }
    guard (-511...0).contains(header.error), header.error == 0 || used == headerByteCount else {
      throw .violation("the reply to \(name) has the error \(header.error) and \(used) bytes")
    }
    do throws(Errno) {
      try region.sendMessage(
        to: fuse, header,
        body: request.body.part(from: 0, byteCount: used - headerByteCount))
    } catch .noEntry {
      // Whoever asked has gone, and the mount with it.
    } catch .invalidArgument {
      throw .violation("the kernel refuses the reply to \(name), of \(used) bytes")
    } catch {
      throw .system("cannot write to /dev/fuse", error)
    }
  }

  /// Answers a request with an error of ours.
  func answer(_ unique: UInt64, _ error: Errno) throws(MountEnd) {
    let header = OutHeader(
      byteCount: UInt32(MemoryLayout<OutHeader>.size), error: -error.rawValue, unique: unique)
    do throws(Errno) {
      try region.sendMessage(
        to: fuse, header, body: GuestBuffer(address: region.guestAddress, byteCount: 0))
    } catch .noEntry {
      // Nobody waits for it: an interrupt, or the mount is gone.
    } catch {
      throw .system("cannot write to /dev/fuse", error)
    }
  }

  // MARK: The end

  /// How long a back-end that is alive may take to finish what it has when the mount is gone.
  private static let drainTime = Duration.seconds(5)

  /// How long requests are refused before the device is closed, which refuses the rest: who asks
  /// again and again would keep us here.
  private static let refusalTime = Duration.seconds(1)

  /// Answers everybody who waits, and lets a back-end that is alive finish.
  func finish() {
    // What cannot be answered any more, the kernel ends when the device is closed.
    try? refuseAll()
    guard session.end?.leavesBackendAlive == true else { return }
    let deadline = Deadline(after: Self.drainTime)
    while ring.outstandingCount > 0 {
      do throws(FrontEndError) {
        while let completion = try ring.take() { freeSlots.append(Int(completion.token)) }
        if ring.outstandingCount > 0 { try ring.wait(until: deadline) }
      } catch {
        return
      }
    }
  }

  private func refuseAll() throws(MountEnd) {
    for index in slots.indices {
      guard let request = slots[index].request else { continue }
      slots[index].request = nil
      try answer(request.unique, .notConnected)
    }
    // Requests land in a slot that no request in flight has; without one the kernel has to wait
    // for the device to be closed.
    guard let index = freeSlots.last else { return }
    var head = MessageHead()
    let deadline = Deadline(after: Self.refusalTime)
    while !deadline.hasPassed, try receive(&head, slots[index].data) != nil {
      switch head.treatment {
      case .passed, .refused: try answer(head.header.unique, .notConnected)
      case .forgotten, .dropped: break
      }
    }
  }
}

/// An operation as users know it, in capitals.
func operationName(_ opcode: UInt32) -> String {
  guard let opcode = Opcode(rawValue: opcode) else { return "operation \(opcode)" }
  return "\(opcode)".uppercased()
}
