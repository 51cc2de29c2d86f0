internal import Linux

extension DriverRing {
  /// Shows the device what was added, and kicks it if it wants to be.
  package func publish() {
    memory.availableIndex = nextAvailable
    fence()
    let isWanted = wantsKick()
    lastPublished = nextAvailable
    guard isWanted else { return }
    kickCount += 1
    kick.signal()
  }

  /// Whether the device asked to be kicked for what was published since it last had the choice.
  private func wantsKick() -> Bool {
    guard hasEventIndex else { return memory.usedFlags & 1 == 0 }
    let event = memory.availableEvent
    return nextAvailable &- event &- 1 < nextAvailable &- lastPublished
  }

  /// Waits until the device has returned something.
  ///
  /// - Throws: `timedOut`; `vringBroken` if the device says so; `disconnected` if it is gone.
  package func wait(until deadline: Deadline) throws(FrontEndError) {
    if isPolling {
      try spin(until: deadline)
    } else {
      try sleep(until: deadline)
    }
  }

  /// Whether the device has signalled that the vring is broken, or does within `duration`.
  package func isBroken(within duration: Duration = .zero) throws(FrontEndError) -> Bool {
    try Descriptor.waitForInput([error.borrowed], until: Deadline(after: duration)) != 0
  }

  private func spin(until deadline: Deadline) throws(FrontEndError) {
    suppressCalls()
    while true {
      for _ in 0..<1000 where hasUsed { return }
      let ready = try Descriptor.waitForInput([error.borrowed], peer: peer, until: .now)
      if hasUsed { return }
      if ready & 1 != 0 { throw .vringBroken }
      if ready & 2 != 0 { throw .disconnected }
      if deadline.hasPassed { throw .timedOut(.completing) }
    }
  }

  private func sleep(until deadline: Deadline) throws(FrontEndError) {
    while !hasUsed {
      requestCall()
      fence()
      if hasUsed { return }
      let ready = try Descriptor.waitForInput(
        [call.readable, error.borrowed], peer: peer, until: deadline)
      if ready & 1 != 0 {
        call.clear()
        callCount += 1
      }
      if hasUsed {
        // It came as the time was over. The call follows the element: it may be on its way.
        guard ready == 0 else { return }
        let late = try Descriptor.waitForInput(
          [call.readable], until: Deadline(after: .milliseconds(Self.callGrace)))
        guard late != 0 else { throw .violation(.missingCall) }
        call.clear()
        callCount += 1
        return
      }
      if ready & 2 != 0 { throw .vringBroken }
      if ready & 4 != 0 { throw .disconnected }
      if ready == 0 { throw .timedOut(.completing) }
    }
  }

  /// How long the call may stay away once an element is there, in milliseconds: a device may show
  /// what it has done and serve more before it calls, on a machine that has others to serve.
  package static let callGrace = 2000

  /// Asks for a call at the next used element.
  package func requestCall() {
    if hasEventIndex {
      memory.usedEvent = lastUsed
    } else {
      memory.availableFlags = 0
    }
  }

  /// Asks for no calls.
  package func suppressCalls() {
    if hasEventIndex {
      memory.usedEvent = lastUsed &- 1
    } else {
      memory.availableFlags = 1
    }
  }
}
