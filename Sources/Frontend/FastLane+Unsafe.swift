internal import FuseProtocol
internal import Linux
internal import Synchronization

/// A reply that `FastLane.take` has checked.
package struct LaneReply: Sendable {
  /// The slot that the request was started in.
  package var slot: Int
  /// The request.
  package var request: Int
  /// 0, or the number of the error that the server answers.
  package var error: Int32
  /// The length of the reply after its header, data included.
  package var byteCount: Int
}

/// A queue for measuring: requests that are laid out once and sent again and again.
///
/// `prepare` puts a request, the room for its reply and its table of descriptors into the guest's
/// memory. From then on an operation costs a few stores: the fields that change (`store`), the
/// `unique`, a descriptor if the slot had another request before, an entry of the available ring.
/// What comes back is checked as `RequestQueue` does it. No allocation, no array, no reference
/// count on that way, so that what is measured is the device.
///
/// It takes over a ring on which nothing is in flight, and hands it back. One thread at a time.
@safe
package final class FastLane {
  /// The ring that it works on.
  package let ring: DriverRing
  /// How many requests may be in flight: one in each slot.
  package let slotCount: Int
  let region: MemoryRegion
  let arena: Arena
  var buffers: [GuestBuffer] = []
  let capacity: Int

  // SAFETY, for all below: allocated by `init` for the counts above and freed by `deinit`; slots
  // and requests are checked against the counts where they enter; the ring's parts are checked by
  // `pointer`, and the region outlives them by being held.
  let state: UnsafeMutablePointer<LaneState>
  let slots: UnsafeMutablePointer<LaneSlot>
  let requests: UnsafeMutablePointer<PreparedRequest>
  let descriptorTable: UnsafeMutableRawPointer
  let availableRing: UnsafeMutableRawPointer
  let usedRing: UnsafeMutableRawPointer
  let ringMask: UInt16

  /// A lane of `slotCount` slots over `ring`, with room for `capacity` prepared requests.
  ///
  /// - Throws: `notOffered` without indirect descriptors, which let a chain be laid out beforehand;
  ///   `ringFull` if the ring has fewer descriptors than slots.
  package init(_ ring: DriverRing, slotCount: Int, capacity: Int) throws(FrontEndError) {
    guard ring.hasIndirectDescriptors else { throw .notOffered }
    guard slotCount > 0, slotCount <= Int(ring.memory.size) else { throw .ringFull }
    self.ring = ring
    self.slotCount = slotCount
    self.capacity = capacity
    arena = ring.arena
    region = ring.memory.region
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: LaneState(unique: UInt64(ring.vring) << 48 | 1 << 40))
    unsafe slots = .allocate(capacity: slotCount)
    unsafe slots.initialize(repeating: LaneSlot(), count: slotCount)
    unsafe requests = .allocate(capacity: capacity)
    let count = Int(ring.memory.size)
    ringMask = ring.memory.size - 1
    let memory = ring.memory
    unsafe descriptorTable = region.pointer(to: memory.descriptors, byteCount: 16 * count)
    unsafe availableRing = region.pointer(to: memory.available, byteCount: 6 + 2 * count)
    unsafe usedRing = region.pointer(to: memory.used, byteCount: 6 + 8 * count)
  }

  deinit {
    for buffer in buffers { arena.free(buffer) }
    unsafe state.deallocate()
    unsafe slots.deallocate()
    unsafe requests.deallocate()
  }

  // MARK: Sending

  /// Begins: the ring, on which nothing is in flight, is this lane's until `handBack`.
  package func takeOver() {
    precondition(ring.outstandingCount == 0, "something is in flight")
    unsafe state.pointee.nextAvailable = ring.nextAvailable
    unsafe state.pointee.lastUsed = ring.lastUsed
    unsafe state.pointee.lastPublished = ring.lastPublished
    for slot in 0..<slotCount { unsafe slots[slot].installed = -1 }
    _ = ring.call.readable.takeEventCount()
    unsafe state.pointee.kickCount = 0
    unsafe state.pointee.callCount = 0
    suppressCalls()
  }

  /// Ends: the ring may be used by others again.
  package func handBack() {
    precondition(unsafe state.pointee.outstandingCount == 0, "something is in flight")
    ring.nextAvailable = unsafe state.pointee.nextAvailable
    ring.lastUsed = unsafe state.pointee.lastUsed
    ring.lastPublished = unsafe state.pointee.lastPublished
    ring.requestCall()
  }

  /// How many kicks were sent since `takeOver`.
  package var kickCount: Int { unsafe state.pointee.kickCount }
  /// How many calls have come since `takeOver`.
  package var callCount: Int {
    unsafe state.pointee.callCount += ring.call.readable.takeEventCount()
    return unsafe state.pointee.callCount
  }
  /// How many requests the device has.
  package var outstandingCount: Int { unsafe state.pointee.outstandingCount }

  /// Sends a request from a free slot, at the next `publish`.
  @inline(__always)
  package func start(_ request: Int, in slot: Int) {
    precondition(slot >= 0 && slot < slotCount, "no such slot")
    let prepared = unsafe pointer(to: request)
    let place = unsafe slots + slot
    precondition(unsafe !place.pointee.isOutstanding, "the slot is in use")
    unsafe state.pointee.unique &+= 2
    unsafe prepared.pointee.body.storeBytes(
      of: state.pointee.unique, toByteOffset: 8, as: UInt64.self)
    if unsafe place.pointee.installed != request {
      unsafe descriptorTable.storeBytes(
        of: prepared.pointee.table, toByteOffset: 16 * slot, as: RingDescriptor.self)
      unsafe place.pointee.installed = request
    }
    unsafe place.pointee.unique = state.pointee.unique
    unsafe place.pointee.isOutstanding = true
    let index = unsafe Int(state.pointee.nextAvailable & ringMask)
    unsafe field(availableRing, 4 + 2 * index).pointee.store(
      UInt16(truncatingIfNeeded: slot), ordering: .relaxed)
    unsafe state.pointee.nextAvailable &+= 1
    unsafe state.pointee.outstandingCount += 1
  }

  /// Shows the device what was started, with a kick if it wants one.
  @inline(__always)
  package func publish() {
    let next = unsafe state.pointee.nextAvailable
    let last = unsafe state.pointee.lastPublished
    guard next != last else { return }
    unsafe field(availableRing, 2).pointee.store(next, ordering: .releasing)
    fence()
    let isWanted: Bool
    if ring.hasEventIndex {
      let offset = 4 + 8 * (Int(ringMask) + 1)
      let event = unsafe field(usedRing, offset).pointee.load(ordering: .relaxed)
      isWanted = next &- event &- 1 < next &- last
    } else {
      isWanted = unsafe field(usedRing, 0).pointee.load(ordering: .relaxed) & 1 == 0
    }
    unsafe state.pointee.lastPublished = next
    guard isWanted else { return }
    unsafe state.pointee.kickCount += 1
    ring.kick.signal()
  }

  // MARK: Taking

  /// How many elements the device has returned that were not taken.
  @inline(__always)
  package var usedCount: Int {
    let index = unsafe field(usedRing, 2).pointee.load(ordering: .acquiring)
    return unsafe Int(index &- state.pointee.lastUsed)
  }

  /// Takes the next element; `usedCount` must have said that there is one.
  ///
  /// - Throws: `violation` if the element or the reply breaks a rule of the ring or of virtio-fs.
  @inline(__always)
  package func take() throws(FrontEndError) -> LaneReply {
    let index = unsafe Int(state.pointee.lastUsed & ringMask)
    let element = unsafe usedRing.loadUnaligned(
      fromByteOffset: 4 + 8 * index, as: UsedElement.self)
    guard unsafe state.pointee.outstandingCount > 0, element.id < UInt32(slotCount),
      unsafe slots[Int(element.id)].isOutstanding
    else { throw .violation(.usedElement(element.id)) }
    let slot = Int(element.id)
    let request = unsafe slots[slot].installed
    unsafe slots[slot].isOutstanding = false
    unsafe state.pointee.lastUsed &+= 1
    unsafe state.pointee.outstandingCount -= 1
    let prepared = unsafe requests + request
    guard unsafe Int(element.byteCount) <= prepared.pointee.roomByteCount else {
      throw .violation(.usedLength(element.byteCount))
    }
    guard let reply = unsafe prepared.pointee.reply else {
      guard element.byteCount == 0 else { throw .violation(.unexpectedReply) }
      return LaneReply(slot: slot, request: request, error: 0, byteCount: 0)
    }
    let header = unsafe reply.loadUnaligned(as: OutHeader.self)
    guard element.byteCount >= 16, header.byteCount == element.byteCount else {
      throw .violation(.replyLength(header: header.byteCount, used: element.byteCount))
    }
    guard unsafe header.unique == slots[slot].unique else {
      throw .violation(.replyUnique(header.unique))
    }
    guard header.error == 0 || (-511..<0).contains(header.error) && element.byteCount == 16 else {
      throw .violation(.replyError(header.error))
    }
    if header.error == 0, unsafe prepared.pointee.isExact,
      unsafe Int(element.byteCount) != prepared.pointee.roomByteCount
    {
      throw .violation(.replyBody(Int(element.byteCount) - 16))
    }
    return LaneReply(
      slot: slot, request: request, error: -header.error, byteCount: Int(element.byteCount) - 16)
  }

  /// The 16-bit field at `offset`, which is even, of a part of the ring.
  @inline(__always)
  func field(
    _ part: UnsafeMutableRawPointer, _ offset: Int
  ) -> UnsafeMutablePointer<Atomic<UInt16>> {
    unsafe (part + offset).assumingMemoryBound(to: Atomic<UInt16>.self)
  }
}

// SAFETY: @unchecked, because the compiler cannot see that only one thread uses a lane at a time.
extension FastLane: @unchecked Sendable {}
