package import Linux

/// The driver's half of a split virtqueue.
///
/// Adds chains, publishes and kicks as the device asks to be kicked, takes used elements and checks
/// each: nothing is returned that is not outstanding, nothing twice, nothing longer than its room.
/// One thread at a time.
package final class DriverRing {
  /// The index of its vring.
  package let vring: Int
  /// The ring in the guest's memory.
  package let memory: RingMemory
  /// What the driver signals.
  package let kick: EventDescriptor
  /// What the device signals when it has returned something.
  package let call: CallLine
  /// What the device signals when the vring is broken.
  package let error: EventDescriptor
  /// `VIRTIO_RING_F_EVENT_IDX`.
  package let hasEventIndex: Bool
  /// `VIRTIO_RING_F_INDIRECT_DESC`.
  package let hasIndirectDescriptors: Bool

  /// Whether `wait` looks at the used index all the time rather than sleep until called.
  package var isPolling = false
  /// Where the device begins to take chains: SET_VRING_BASE's part.
  package internal(set) var deviceIndex: UInt16
  /// The connection to the back-end, whose end ends every wait.
  package var peer: Descriptor?
  /// How many kicks were sent.
  package internal(set) var kickCount = 0
  /// How many times a call ended a sleep.
  package internal(set) var callCount = 0
  /// How many chains the device has.
  package private(set) var outstandingCount = 0

  let arena: Arena
  var nextAvailable: UInt16
  var lastUsed: UInt16
  var lastPublished: UInt16
  var freeHeads: [UInt16]
  var chains: [OutstandingChain]

  /// A ring of `size` entries in the memory of `arena`; both indices begin at `firstIndex`.
  ///
  /// - Throws: `outOfGuestMemory`, `system`.
  package init(
    vring: Int, size: UInt16, features: VirtioFeatures, arena: Arena, firstIndex: UInt16 = 0,
    callsThroughPipe: Bool = false
  ) throws(FrontEndError) {
    memory = try RingMemory(size: size, in: arena.region)
    kick = try system { () throws(Errno) in try EventDescriptor() }
    error = try system { () throws(Errno) in try EventDescriptor() }
    call = try CallLine(isPipe: callsThroughPipe)
    self.vring = vring
    self.arena = arena
    hasEventIndex = features.contains(.eventIndex)
    hasIndirectDescriptors = features.contains(.indirectDescriptors)
    deviceIndex = firstIndex
    nextAvailable = firstIndex
    lastUsed = firstIndex
    lastPublished = firstIndex
    freeHeads = (0..<size).reversed()
    chains = Array(repeating: OutstandingChain(), count: Int(size))
    memory.availableIndex = firstIndex
    memory.usedIndex = firstIndex
  }

  /// How many descriptors of the ring's table are free.
  package var freeCount: Int {
    freeHeads.count
  }

  /// The index that the next chain will be published at.
  package var availableIndex: UInt16 {
    nextAvailable
  }

  /// A used element, checked.
  package struct Completion: Equatable, Sendable {
    /// What `add` was given.
    package var token: UInt64
    /// How many bytes the device says that it wrote.
    package var byteCount: UInt32
  }

  /// Whether the device has returned something that `take` has not taken.
  package var hasUsed: Bool {
    memory.usedIndex != lastUsed
  }

  /// Takes the next element that the device returned, if there is one.
  ///
  /// - Throws: `violation`.
  package func take() throws(FrontEndError) -> Completion? {
    let index = memory.usedIndex
    let count = Int(index &- lastUsed)
    guard count > 0 else { return nil }
    guard count <= outstandingCount else { throw .violation(.usedIndex(index)) }
    let element = memory.usedElement(lastUsed)
    guard element.id < UInt32(memory.size), chains[Int(element.id)].isOutstanding else {
      throw .violation(.usedElement(element.id))
    }
    lastUsed &+= 1
    let token = chains[Int(element.id)].token
    let room = chains[Int(element.id)].writableByteCount
    free(UInt16(element.id))
    guard UInt64(element.byteCount) <= room else {
      throw .violation(.usedLength(element.byteCount))
    }
    return Completion(token: token, byteCount: element.byteCount)
  }

  func isTaken(_ head: UInt16, token: UInt64, writableByteCount: UInt64) {
    chains[Int(head)].isOutstanding = true
    chains[Int(head)].token = token
    chains[Int(head)].writableByteCount = writableByteCount
    outstandingCount += 1
  }

  private func free(_ head: UInt16) {
    outstandingCount -= 1
    chains[Int(head)].isOutstanding = false
    var index = head
    for _ in 1..<chains[Int(head)].descriptorCount {
      freeHeads.append(index)
      index = chains[Int(index)].next
    }
    freeHeads.append(index)
  }
}

/// What the driver remembers of a descriptor of the ring's table.
struct OutstandingChain {
  var isOutstanding = false
  var token: UInt64 = 0
  var writableByteCount: UInt64 = 0
  /// How many descriptors of the ring's table the chain takes.
  var descriptorCount = 1
  /// The descriptor after this one: the driver's own copy, which the device cannot change.
  var next: UInt16 = 0
  /// The table for indirect chains with this head, kept for the next one.
  var table: GuestBuffer?
}
