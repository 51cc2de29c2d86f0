internal import Frontend
internal import FuseProtocol
internal import Linux
internal import struct Virtqueue.Lookout

/// One thread's part of an attached mount: a descriptor of /dev/fuse, and a queue of the device.
///
/// Messages go from the one into guest memory and as chains into the other, replies the same way
/// back; the kernel copies them, and nothing here touches file data. A reply has to leave by the
/// descriptor by which its request came, so requests, slots and replies never change threads.
final class QueueBridge {
  let fuse: Descriptor
  let ring: DriverRing
  let region: MemoryRegion
  let session: MountSession
  let forgets: ForgetLane
  let timeout: Duration
  var slots: [BridgeSlot] = []
  var freeSlots: [Int] = []
  private var segments: [ChainSegment] = []
  private let readiness: ReadinessSet
  private var watchesFuse = false
  private var lastCheck = Duration.zero
  /// Short looks; on one processor they would keep the back-end from answering.
  private var lookout = Lookout(mostMicroseconds: OwnProcess.cpuCount > 1 ? 0 : nil)

  /// How many requests one queue has in flight at most.
  static let slotCount = 128
  /// How many segments a request and its reply have at most.
  private static let mostSegments = 5
  /// How many messages are read before the back-end is kicked and replies are looked for.
  private static let batchCount = 16

  /// How often ages are looked at.
  private static let checkPeriod = Duration.milliseconds(500)

  /// What the thread sleeps for, by the bits of its `ReadinessSet`.
  private enum Wake {
    static let fuse: UInt32 = 0
    static let call: UInt32 = 1
    static let error: UInt32 = 2
    static let end: UInt32 = 3
  }

  /// A bridge between an open /dev/fuse and a started ring, which must outlive it.
  ///
  /// - Parameter timeout: How old a request may become; zero for no limit.
  init(
    fuse: Descriptor, ring: DriverRing, session: MountSession, forgets: ForgetLane,
    timeout: Duration
  ) throws(MountEnd) {
    self.fuse = fuse
    self.ring = ring
    self.session = session
    self.forgets = forgets
    self.timeout = timeout
    region = ring.memory.region
    do throws(Errno) {
      readiness = try ReadinessSet()
      try readiness.add(ring.call.readable, token: Wake.call, .edge)
      try readiness.add(ring.error.borrowed, token: Wake.error, .level)
      try readiness.add(session.endEvent, token: Wake.end, .level)
    } catch {
      throw .system("cannot watch the queue", error)
    }
    do throws(FrontEndError) {
      for index in 0..<Self.slotCount {
        slots.append(try BridgeSlot(in: region))
        freeSlots.append(Self.slotCount - 1 - index)
      }
    } catch {
      throw MountEnd(error, doing: "taking guest memory")
    }
  }

  /// Serves until the session ends, and then leaves nobody waiting.
  func run() {
    do throws(MountEnd) {
      ring.suppressCalls()
      while !session.hasEnded {
        let replies = try passReplies()
        // Only now: what is old may have been answered while we were not running.
        try checkAges()
        let requests = try passRequests()
        if replies == 0, requests == 0 { try rest() }
      }
    } catch {
      session.end(error)
    }
    finish()
  }

  /// Waits for whatever comes next.
  ///
  /// A back-end that is awake answers sooner than a thread goes to sleep and wakes, so answers are
  /// looked for at first.
  private func rest() throws(MountEnd) {
    guard ring.outstandingCount > 0 else {
      try sleep()
      return
    }
    lookout.begin()
    let isAnswered = lookout.finds { ring.hasUsed }
    if !isAnswered, try !sleep() { return }
    // What the kernel asks for meanwhile says nothing of the back-end.
    if ring.hasUsed { lookout.end(hasSlept: !isAnswered, hasRequest: true) }
  }

  /// - Returns: False if there is an answer, and no need to.
  @discardableResult
  private func sleep() throws(MountEnd) -> Bool {
    guard ring.preparesToSleep() else {
      ring.suppressCalls()
      return false
    }
    do throws(Errno) {
      // A device that is readable all the time must not keep a thread awake that has no slot.
      let canRead = hasRoom
      if canRead != watchesFuse {
        if canRead {
          try readiness.add(fuse, token: Wake.fuse, .exclusive)
        } else {
          try readiness.remove(fuse)
        }
        watchesFuse = canRead
      }
      let isIdle = ring.outstandingCount == 0 || timeout == .zero
      let ready = try readiness.wait(milliseconds: isIdle ? -1 : 500)
      if ready & 1 << Wake.error != 0 { throw .protocolError }
    } catch {
      if error == .protocolError { throw .violation("it says that a vring is broken") }
      throw .system("cannot wait for the kernel's requests", error)
    }
    ring.suppressCalls()
    return true
  }

  private var hasRoom: Bool {
    !freeSlots.isEmpty && ring.freeCount >= Self.mostSegments
  }

  /// Throws `silent` if a request is older than it may be; looks twice a second.
  private func checkAges() throws(MountEnd) {
    guard timeout > .zero, ring.outstandingCount > 0 else { return }
    let now = SystemClock.now
    let pause = now - lastCheck
    guard pause >= Self.checkPeriod else { return }
    lastCheck = now
    // A thread that has requests looks in time, unless it was stopped, with the host perhaps, and
    // the back-end too: what it had then begins anew.
    if pause > Self.checkPeriod * 4 {
      for index in slots.indices { slots[index].request?.time = now }
    }
    for slot in slots {
      // A lock is waited for as long as somebody else has it.
      guard let request = slot.request, request.opcode != Opcode.setlkw.rawValue,
        now - request.time > timeout, !ring.hasUsed
      else { continue }
      throw .silent(
        "answered " + operationName(request.opcode), seconds: Int(timeout.components.seconds))
    }
  }

  // MARK: Requests

  /// Passes on what the kernel asks for, up to a batch.
  ///
  /// - Returns: How many messages there were.
  private func passRequests() throws(MountEnd) -> Int {
    var count = 0
    var hasAdded = false
    var time: Duration?
    while count < Self.batchCount, hasRoom, let index = freeSlots.last {
      var head = MessageHead()
      guard let byteCount = try receive(&head, slots[index].data) else { break }
      count += 1
      switch head.treatment {
      case .passed(let replyByteCount):
        let now = time ?? SystemClock.now
        time = now
        if try pass(head, byteCount, replyByteCount, index, now) {
          freeSlots.removeLast()
          hasAdded = true
        }
      case .forgotten: try forget(head, byteCount, slots[index])
      case .refused(let error): try answer(head.header.unique, error)
      case .dropped: break
      }
    }
    if hasAdded { ring.publish() }
    return count
  }

  /// Reads a message; nil if there is none.
  func receive(_ head: inout MessageHead, _ rest: GuestBuffer) throws(MountEnd) -> Int? {
    while true {
      do throws(Errno) {
        let byteCount = try region.receiveMessage(from: fuse, &head, rest: rest)
        guard byteCount >= MemoryLayout<InHeader>.size,
          byteCount == Int(head.header.byteCount)
        else { throw .protocolError }
        return byteCount
      } catch .again {
        return nil
      } catch .noEntry {
        // Whoever asked has gone before we could read it.
        continue
      } catch .noDevice {
        throw .unmounted
      } catch .connectionAborted {
        throw .aborted
      } catch {
        throw .system("cannot read from /dev/fuse", error)
      }
    }
  }

  /// Makes a chain of a message that was read into slot `index`.
  ///
  /// - Returns: False if it was answered here.
  private func pass(
    _ head: MessageHead, _ byteCount: Int, _ replyByteCount: Int, _ index: Int, _ now: Duration
  ) throws(MountEnd) -> Bool {
    let slot = slots[index]
    guard let body = slot.body(ofByteCount: replyByteCount, besideRequest: byteCount) else {
      try answer(head.header.unique, .noMemory)
      return false
    }
    region.store(head, at: slot.head.address)
    let headerByteCount = MemoryLayout<InHeader>.size
    segments.removeAll(keepingCapacity: true)
    // Cut as Linux cuts it: some back-ends are faster with a WRITE that looks like this.
    segments.append(.readable(slot.head.part(from: 0, byteCount: headerByteCount)))
    let arguments = slot.head.part(
      from: headerByteCount, byteCount: max(0, byteCount - headerByteCount))
    if arguments.byteCount > 0 { segments.append(.readable(arguments)) }
    let rest = byteCount - MessageHead.byteCount
    if rest > 0 { segments.append(.readable(slot.data.part(from: 0, byteCount: rest))) }
    segments.append(
      .writable(slot.reply.part(from: 0, byteCount: MemoryLayout<OutHeader>.size)))
    if body.byteCount > 0 { segments.append(.writable(body)) }
    do throws(FrontEndError) {
      try ring.add(segments, token: UInt64(index), shape: .direct)
    } catch {
      throw MountEnd(error, doing: "putting a request into the ring")
    }
    slots[index].request = BridgeSlot.Request(
      unique: head.header.unique, opcode: head.header.opcode, body: body, time: now)
    return true
  }

  private func forget(
    _ head: MessageHead, _ byteCount: Int, _ slot: BridgeSlot
  ) throws(MountEnd) {
    var arguments: [UInt8] = []
    for index in 0..<10 { arguments.append(wire: head.arguments[index]) }
    let count = byteCount - MemoryLayout<InHeader>.size
    if count <= arguments.count {
      arguments.removeLast(arguments.count - count)
    } else {
      arguments += region.bytes(at: slot.data.address, count: count - arguments.count)
    }
    try forgets.send(head.header, arguments)
  }
}
