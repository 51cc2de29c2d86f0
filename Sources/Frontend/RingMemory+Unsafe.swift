internal import FuseProtocol
internal import Synchronization

/// `vring_desc`: one entry of a descriptor table.
package struct RingDescriptor: WireValue, Equatable {
  package var address: UInt64
  package var byteCount: UInt32
  package var flags: UInt16
  package var next: UInt16

  /// The entry with these fields.
  package init(address: UInt64, byteCount: UInt32, flags: UInt16 = 0, next: UInt16 = 0) {
    self.address = address
    self.byteCount = byteCount
    self.flags = flags
    self.next = next
  }

  /// `VRING_DESC_F_NEXT`: `next` is valid.
  package static let nextFlag: UInt16 = 1
  /// `VRING_DESC_F_WRITE`: the device writes it.
  package static let writeFlag: UInt16 = 2
  /// `VRING_DESC_F_INDIRECT`: it refers to a table.
  package static let indirectFlag: UInt16 = 4
}

/// `vring_used_elem`: what the device returns.
package struct UsedElement: WireValue, Equatable {
  /// The head of the chain.
  package var id: UInt32
  /// How many bytes were written.
  package var byteCount: UInt32

  /// The element with these fields.
  package init(id: UInt32, byteCount: UInt32) {
    self.id = id
    self.byteCount = byteCount
  }
}

/// A split ring's three parts in the guest's memory, as the driver reads and writes them.
///
/// Indices wrap at the size, so every access is inside.
@safe
package struct RingMemory {
  /// How many entries it has: a power of two.
  package let size: UInt16
  /// Where the descriptor table lies.
  package let descriptors: GuestAddress
  /// Where the available ring lies.
  package let available: GuestAddress
  /// Where the used ring lies.
  package let used: GuestAddress
  /// What it lies in.
  package let region: MemoryRegion
  private let descriptorTable: UnsafeMutableRawPointer
  private let availableRing: UnsafeMutableRawPointer
  private let usedRing: UnsafeMutableRawPointer

  /// Takes memory for a ring of `size` entries out of `region`, all zero.
  ///
  /// - Throws: `outOfGuestMemory`.
  package init(size: UInt16, in region: MemoryRegion) throws(FrontEndError) {
    precondition(size > 0 && size & (size - 1) == 0 && size <= 32768, "not a ring's size")
    let count = Int(size)
    descriptors = try region.reserve(byteCount: 16 * count, alignment: 16).address
    available = try region.reserve(byteCount: 6 + 2 * count, alignment: 2).address
    used = try region.reserve(byteCount: 6 + 8 * count, alignment: 4).address
    // SAFETY: `pointer` checks each range, and the region outlives the pointers by being held.
    unsafe descriptorTable = region.pointer(to: descriptors, byteCount: 16 * count)
    unsafe availableRing = region.pointer(to: available, byteCount: 6 + 2 * count)
    unsafe usedRing = region.pointer(to: used, byteCount: 6 + 8 * count)
    self.region = region
    self.size = size
  }

  /// The descriptor at `index`, modulo the size.
  @inline(__always)
  package subscript(index: UInt16) -> RingDescriptor {
    get {
      // SAFETY: the slot is below the size, which the table has room for.
      unsafe descriptorTable.loadUnaligned(
        fromByteOffset: 16 * slot(index), as: RingDescriptor.self)
    }
    nonmutating set {
      // SAFETY: the slot is below the size, which the table has room for.
      unsafe descriptorTable.storeBytes(
        of: newValue, toByteOffset: 16 * slot(index), as: RingDescriptor.self)
    }
  }

  // SAFETY, for all below: the fields are at even places inside the parts that `init` laid out.

  /// `avail.flags`: 1 asks for no calls.
  package var availableFlags: UInt16 {
    get { unsafe atomic(availableRing, 0).pointee.load(ordering: .relaxed) }
    nonmutating set { unsafe atomic(availableRing, 0).pointee.store(newValue, ordering: .relaxed) }
  }

  /// `avail.idx`; storing it publishes what was written before.
  package var availableIndex: UInt16 {
    get { unsafe atomic(availableRing, 2).pointee.load(ordering: .relaxed) }
    nonmutating set {
      unsafe atomic(availableRing, 2).pointee.store(newValue, ordering: .releasing)
    }
  }

  /// `avail.ring[index]`, modulo the size.
  package func setAvailable(_ index: UInt16, _ head: UInt16) {
    // SAFETY: the slot is below the size, which the ring has room for.
    unsafe atomic(availableRing, 4 + 2 * slot(index)).pointee.store(head, ordering: .relaxed)
  }

  /// `used_event`: call when the used index passes this.
  package var usedEvent: UInt16 {
    get { unsafe atomic(availableRing, 4 + 2 * Int(size)).pointee.load(ordering: .relaxed) }
    nonmutating set {
      unsafe atomic(availableRing, 4 + 2 * Int(size)).pointee.store(newValue, ordering: .relaxed)
    }
  }

  /// `used.flags`: 1 asks for no kicks.
  package var usedFlags: UInt16 {
    get { unsafe atomic(usedRing, 0).pointee.load(ordering: .relaxed) }
    nonmutating set { unsafe atomic(usedRing, 0).pointee.store(newValue, ordering: .relaxed) }
  }

  /// `used.idx`; loading it makes what the device wrote before visible.
  package var usedIndex: UInt16 {
    get { unsafe atomic(usedRing, 2).pointee.load(ordering: .acquiring) }
    nonmutating set { unsafe atomic(usedRing, 2).pointee.store(newValue, ordering: .releasing) }
  }

  /// `used.ring[index]`, modulo the size.
  package func usedElement(_ index: UInt16) -> UsedElement {
    // SAFETY: the slot is below the size, which the ring has room for.
    unsafe usedRing.loadUnaligned(fromByteOffset: 4 + 8 * slot(index), as: UsedElement.self)
  }

  /// `avail_event`: kick when the available index passes this.
  package var availableEvent: UInt16 {
    get { unsafe atomic(usedRing, 4 + 8 * Int(size)).pointee.load(ordering: .relaxed) }
    nonmutating set {
      unsafe atomic(usedRing, 4 + 8 * Int(size)).pointee.store(newValue, ordering: .relaxed)
    }
  }

  /// What SET_VRING_ADDR says of it.
  package func addresses(vring: Int) -> VringAddresses {
    VringAddresses(
      vring: UInt32(vring), descriptors: region.userAddress(of: descriptors),
      used: region.userAddress(of: used), available: region.userAddress(of: available))
  }

  @inline(__always)
  private func slot(_ index: UInt16) -> Int {
    Int(index & (size - 1))
  }

  /// The 16-bit field at `offset`, which is even, of a part of the ring.
  @inline(__always)
  private func atomic(
    _ part: UnsafeMutableRawPointer, _ offset: Int
  ) -> UnsafeMutablePointer<Atomic<UInt16>> {
    unsafe (part + offset).assumingMemoryBound(to: Atomic<UInt16>.self)
  }
}

/// The fence between storing one's own index and loading the other side's event field.
@inline(__always)
func fence() {
  atomicMemoryFence(ordering: .sequentiallyConsistent)
}
