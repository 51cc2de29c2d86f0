internal import FuseProtocol

/// A device in the driver's own process and thread that answers every request at once with nothing
/// but success: what is left of the time is the front-end's own.
///
/// It walks rings and tables as a device must, so what is measured with it is an upper bound. It
/// can also answer what no device may, to test that the front-end notices.
package final class NullDevice {
  /// How it breaks the rules.
  package enum Fault: Sendable {
    case none
    /// Another request's `unique`.
    case unique
    /// A header that states one byte more than the used element.
    case length
    /// A positive error.
    case error
    /// An element whose head is no slot.
    case head
    /// An element that says more was written than there is room for.
    case room
    /// A reply one byte shorter than its structure.
    case short
  }

  /// What to do wrong.
  package var fault = Fault.none
  private let ring: RingMemory
  private var next: UInt16
  private var used: UInt16

  /// A device at the other side of `lane`'s ring, on which nothing is in flight.
  package init(_ ring: DriverRing) {
    self.ring = ring.memory
    next = ring.nextAvailable
    used = ring.lastUsed
  }

  /// Answers everything that is available.
  package func answer() {
    let region = ring.region
    let size = ring.size
    let available = ring.availableIndex
    guard next != available else { return }
    while next != available {
      let head = region.load(UInt16.self, at: ring.available + 4 + 2 * Int(next & (size - 1)))
      next &+= 1
      let written = reply(to: GuestAddress(rawValue: ring[head].address))
      let id = fault == .head ? UInt32(size) : UInt32(head)
      let place = ring.used + 4 + 8 * Int(used & (size - 1))
      region.store(UsedElement(id: id, byteCount: written), at: place)
      used &+= 1
    }
    ring.usedIndex = used
    // As a device that polls: no kicks.
    region.store(next &- 1, at: ring.used + 4 + 8 * Int(size))
  }

  /// Writes the reply into the first room of the chain in `table`; says how long it is in all.
  private func reply(to table: GuestAddress) -> UInt32 {
    let region = ring.region
    var descriptor = region.load(RingDescriptor.self, at: table)
    let request = region.load(InHeader.self, at: GuestAddress(rawValue: descriptor.address))
    var index = table
    while descriptor.flags & RingDescriptor.writeFlag == 0 {
      guard descriptor.flags & RingDescriptor.nextFlag != 0 else { return 0 }
      index = index + 16
      descriptor = region.load(RingDescriptor.self, at: index)
    }
    let start = GuestAddress(rawValue: descriptor.address)
    var room = descriptor.byteCount
    while descriptor.flags & RingDescriptor.nextFlag != 0 {
      index = index + 16
      descriptor = region.load(RingDescriptor.self, at: index)
      room += descriptor.byteCount
    }
    var header = OutHeader(byteCount: room, error: 0, unique: request.unique)
    switch fault {
    case .none, .head: break
    case .unique: header.unique ^= 2
    case .length: header.byteCount += 1
    case .error: header.error = 5
    case .room: room += 1
    case .short:
      room -= 1
      header.byteCount -= 1
    }
    region.store(header, at: start)
    return room
  }
}
