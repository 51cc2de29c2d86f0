internal import Linux
internal import Synchronization

extension FastLane {
  // SAFETY, for all below: slots and requests are checked against the counts that `init` allocated
  // for, offsets against the request's own memory; the ring's parts are as long as the ring.

  /// Waits until the device has returned something.
  ///
  /// - Parameter isSleeping: Whether the thread sleeps until it is called; otherwise it spins.
  /// - Returns: False if nothing came within `milliseconds`.
  /// - Throws: `vringBroken` if the device says so, `disconnected` if it is gone, `violation` if
  ///   a call was asked for and did not come.
  package func wait(isSleeping: Bool, milliseconds: Int) throws(FrontEndError) -> Bool {
    if usedCount > 0 { return true }
    if isSleeping { return try sleep(milliseconds: milliseconds) }
    unsafe state.pointee.waitCount &+= 1
    if unsafe state.pointee.waitCount & 4095 == 0 { suppressCalls() }
    let end = SystemClock.nanoseconds + milliseconds * 1_000_000
    repeat {
      for _ in 0..<256 {
        if usedCount > 0 { return true }
        spinHint()
      }
    } while SystemClock.nanoseconds < end
    try look(milliseconds: 0)
    return usedCount > 0
  }

  private func sleep(milliseconds: Int) throws(FrontEndError) -> Bool {
    setUsedEvent(unsafe state.pointee.lastUsed, flags: 0)
    fence()
    defer { suppressCalls() }
    if usedCount > 0 { return true }
    let isCalled = try look(milliseconds: milliseconds)
    guard usedCount > 0 else { return false }
    // The call follows the element: it may still be on its way.
    if isCalled { return true }
    guard try look(milliseconds: DriverRing.callGrace) else { throw .violation(.missingCall) }
    return true
  }

  @discardableResult
  private func look(milliseconds: Int) throws(FrontEndError) -> Bool {
    let (call, error) = (ring.call.readable, ring.error.borrowed)
    let peer = ring.peer ?? error
    let ready = try system { () throws(Errno) in
      try Descriptor.pollInput(call, error, peer: peer, milliseconds: Int32(milliseconds))
    }
    if ready & 1 != 0 { unsafe state.pointee.callCount += call.takeEventCount() }
    if usedCount > 0 { return ready & 1 != 0 }
    if ready & 2 != 0 { throw .vringBroken }
    if ready & 4 != 0 { throw .disconnected }
    return ready & 1 != 0
  }

  func suppressCalls() {
    setUsedEvent(unsafe state.pointee.lastUsed &- 1, flags: 1)
  }

  private func setUsedEvent(_ event: UInt16, flags: UInt16) {
    if ring.hasEventIndex {
      let offset = 4 + 2 * (Int(ringMask) + 1)
      unsafe field(availableRing, offset).pointee.store(event, ordering: .relaxed)
    } else {
      unsafe field(availableRing, 0).pointee.store(flags, ordering: .relaxed)
    }
  }
}
