package import Linux

/// The device's half of a split virtqueue (virtio 1.3, 2.7).
///
/// Used by one thread. The rings are shared with the driver: each index is one atomic access,
/// each descriptor is copied once.
package final class SplitQueue {
  /// The number of descriptors, a power of two.
  package let size: UInt16
  /// What the driver and the device agreed on.
  package let features: Features
  private let addresses: RingAddresses

  /// The guest's memory as it is now.
  package private(set) var memory: GuestMemory {
    didSet { map = memory.map }
  }
  /// Where its addresses are mapped.
  var map: AddressMap
  private(set) var rings: SplitRings
  /// The number of times the memory table has changed under this queue.
  package private(set) var memoryGeneration: UInt32 = 0

  /// The next entry of the available ring to take.
  package private(set) var nextAvailable: UInt16
  /// The available index as last read, so that a batch reads it once.
  private var knownAvailable: UInt16
  /// The next entry of the used ring to fill.
  private var nextUsed: UInt16
  /// The used index as the driver knows it.
  private var shownUsed: UInt16
  /// The used index at which a batch shows the driver what is staged.
  private var nextShown: UInt16
  /// The used index up to which the driver has been asked whether it wants to be called.
  private var answeredUsed: UInt16
  /// Chains taken and not yet returned.
  package private(set) var inFlight = 0
  /// What calls the driver, open as long as it is set; nil if the driver only looks by itself.
  package var call: Descriptor?
  private var earlyCalls = EarlyCalls()

  /// A queue whose rings lie in `memory` at `addresses`.
  ///
  /// The next used index is what the used ring holds: a stopped ring has nothing in flight.
  ///
  /// - Throws: `EINVAL` if the size is no power of two up to 32768, `EFAULT` if a ring is
  ///   misaligned or not in the memory.
  package init(
    size: UInt16, addresses: RingAddresses, nextAvailable: UInt16, features: Features,
    memory: GuestMemory
  ) throws(Errno) {
    guard size > 0, size <= 32768, size & (size - 1) == 0 else { throw .invalidArgument }
    self.size = size
    self.features = features
    self.addresses = addresses
    self.memory = memory
    map = memory.map
    rings = try SplitRings(addresses, size: size, in: memory)
    self.nextAvailable = nextAvailable
    knownAvailable = nextAvailable
    nextUsed = rings.usedIndex.loadAcquiring()
    shownUsed = nextUsed
    nextShown = nextUsed &+ Self.firstShown
    answeredUsed = nextUsed
  }

  /// Goes on with another memory table, in which the rings are found again.
  ///
  /// Who has chains in flight keeps the old table until they are back.
  ///
  /// - Throws: `EFAULT` if the rings are not in it; the queue then stays as it was.
  package func replaceMemory(_ memory: GuestMemory) throws(Errno) {
    rings = try SplitRings(addresses, size: size, in: memory)
    self.memory = memory
    memoryGeneration &+= 1
  }

  // MARK: Taking

  /// Takes the next chain into `chain`, which must be empty.
  ///
  /// - Returns: False if the driver has made no more available.
  @inline(__always)
  package func take(into chain: inout Chain) throws(ChainError) -> Bool {
    guard try hasAvailable() else { return false }
    guard inFlight < Int(size) else { throw .tooManyInFlight }
    let head = rings.availableHead(at: nextAvailable)
    chain.head = head
    chain.memoryGeneration = memoryGeneration
    try walk(from: head, into: &chain)
    nextAvailable &+= 1
    inFlight += 1
    return true
  }

  /// Whether the driver has made anything available that has not been taken; not checked.
  @inline(__always)
  package var hasNews: Bool {
    rings.availableIndex.load() != nextAvailable
  }

  @inline(__always)
  private func hasAvailable() throws(ChainError) -> Bool {
    if nextAvailable != knownAvailable { return true }
    let index = rings.availableIndex.loadAcquiring()
    guard index &- nextAvailable <= size else { throw .availableIndex(index) }
    knownAvailable = index
    return index != nextAvailable
  }

  // MARK: Returning

  /// Stages the used element of a chain; the driver sees it after `publish` at the latest.
  ///
  /// The driver need not wait for the batch's end to make more available: it sees a few elements
  /// at a time, and wakes, if it has to be called, while the rest is being done.
  @inline(__always)
  package func complete(head: UInt16, written: UInt32) {
    rings.storeUsed(at: nextUsed, head: head, written: written)
    nextUsed &+= 1
    inFlight -= 1
    if nextUsed == nextShown {
      showEarly()
    } else if nextAvailable == knownAvailable {
      // Most likely the batch's last, for which somebody may be looking.
      show()
    }
  }

  /// So many elements are shown at once in the middle of a batch: enough to make showing them
  /// cheap, and few of the depth at which drivers work.
  private static var mostHidden: UInt16 { 8 }
  /// At a batch's beginning it is fewer: who sleeps had better begin to wake.
  private static var firstShown: UInt16 { 4 }

  /// In the middle of a batch: shows what is staged, and calls a driver that sleeps, if that pays.
  private func showEarly() {
    if earlyCalls.isDue(nextUsed, TickCounter.now) { tell() } else { show() }
    nextShown = nextUsed &+ Self.mostHidden
  }

  private func show() {
    rings.usedIndex.storeReleasing(nextUsed)
    shownUsed = nextUsed
  }

  /// Makes the staged elements visible.
  ///
  /// - Returns: Whether the driver wants to be called for any since this was asked last.
  package func publish() -> Bool {
    guard nextUsed != answeredUsed else { return false }
    let old = answeredUsed
    if nextUsed != shownUsed { show() }
    answeredUsed = nextUsed
    // The index must be visible before the driver's wish is read (virtio 1.3, 2.7.7.2).
    SharedIndex.fence()
    guard features.contains(.eventIndex) else {
      // VIRTQ_AVAIL_F_NO_INTERRUPT
      return rings.availableFlags.load() & 1 == 0
    }
    return nextUsed &- rings.usedEvent.load() &- 1 < nextUsed &- old
  }

  /// Publishes what is staged and calls the driver if it wants to be.
  ///
  /// At a batch's end, and before what takes so long that nothing should wait for it.
  package func answer() {
    tell()
    nextShown = nextUsed &+ Self.firstShown
  }

  private func tell() {
    guard publish(), let call else { return }
    call.signalEvent()
  }

  // MARK: Kicks

  /// Tells the driver that kicks are not needed: we look by ourselves.
  package func suppressKicks() {
    // With EVENT_IDX the old event index does it, because the driver has passed it.
    guard !features.contains(.eventIndex) else { return }
    // VIRTQ_USED_F_NO_NOTIFY
    rings.usedFlags.store(1)
  }

  /// Asks for a kick when the next chain is made available.
  ///
  /// - Returns: Whether one has been made available meanwhile: no kick will come for it.
  package func armKicks() -> Bool {
    rings.usedFlags.store(0)
    if features.contains(.eventIndex) { rings.availableEvent.store(nextAvailable) }
    // The wish must be visible before the index is read again (virtio 1.3, 2.7.10).
    SharedIndex.fence()
    return rings.availableIndex.load() != nextAvailable
  }
}
