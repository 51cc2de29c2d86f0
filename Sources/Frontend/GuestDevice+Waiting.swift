internal import Linux

extension GuestDevice {
  /// Waits until the device has returned something on any queue.
  ///
  /// One thread may serve all queues of a device with this and `RequestQueue.next`.
  ///
  /// - Returns: False if nothing came before the deadline.
  /// - Throws: `vringBroken`, `disconnected`; `violation` if something was returned without a call.
  package func waitForAny(until deadline: Deadline) throws(FrontEndError) -> Bool {
    let rings = queues.map(\.ring)
    for _ in 0..<200 where rings.contains(where: \.hasUsed) { return true }
    for ring in rings { ring.requestCall() }
    fence()
    if rings.contains(where: \.hasUsed) { return true }
    var ready = try Descriptor.waitForInput(
      rings.map(\.call.readable) + rings.map { $0.error.borrowed }, peer: connection.descriptor,
      until: deadline)
    if ready == 0, rings.contains(where: \.hasUsed) {
      // It came as the time was over. The call follows the element: it may still be on its way.
      ready = try Descriptor.waitForInput(
        rings.map(\.call.readable), until: Deadline(after: .milliseconds(DriverRing.callGrace)))
    }
    for (place, ring) in rings.enumerated() where ready >> place & 1 != 0 {
      ring.call.clear()
      ring.callCount += 1
    }
    if rings.contains(where: \.hasUsed) {
      guard ready != 0 else { throw .violation(.missingCall) }
      return true
    }
    if ready >> rings.count & (1 << rings.count - 1) != 0 { throw .vringBroken }
    if ready >> (2 * rings.count) & 1 != 0 { throw .disconnected }
    return false
  }
}
