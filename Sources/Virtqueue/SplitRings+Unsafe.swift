internal import Linux

/// Where a split ring's three parts are, in the front-end's addresses.
package struct RingAddresses: Hashable, Sendable {
  package var descriptors: UserAddress
  package var available: UserAddress
  package var used: UserAddress

  package init(descriptors: UserAddress, available: UserAddress, used: UserAddress) {
    self.descriptors = descriptors
    self.available = available
    self.used = used
  }
}

/// The three parts of a split ring, found in the guest's memory (virtio 1.3, 2.7).
///
/// Valid only while the memory that they were found in is held.
@safe
struct SplitRings {
  let descriptors: UnsafeRawPointer
  private let available: UnsafeMutableRawPointer
  private let used: UnsafeMutableRawPointer
  private let size: Int

  /// Finds the rings of a queue of `size` descriptors.
  ///
  /// - Throws: `EFAULT` if one is misaligned or not within one region.
  init(_ addresses: RingAddresses, size: UInt16, in memory: GuestMemory) throws(Errno) {
    let count = Int(size)
    // The event fields at the ends are part of the layout without EVENT_IDX, too.
    // SAFETY: `pointer` finds ranges that lie within one region, which `memory` keeps mapped.
    guard
      let descriptors = unsafe memory.map.pointer(
        to: addresses.descriptors, byteCount: RingDescriptor.size * count),
      let available = unsafe memory.map.pointer(to: addresses.available, byteCount: 6 + 2 * count),
      let used = unsafe memory.map.pointer(to: addresses.used, byteCount: 6 + 8 * count),
      Int(bitPattern: descriptors) % 16 == 0, Int(bitPattern: available) % 2 == 0,
      Int(bitPattern: used) % 4 == 0
    else { throw .badAddress }
    // SAFETY: used only while the memory is held, as the type says.
    unsafe self.descriptors = UnsafeRawPointer(descriptors)
    unsafe self.available = available
    unsafe self.used = used
    self.size = count
  }

  // SAFETY, for all below: the offsets are those of the layout that `init` checked.

  /// `avail.flags`
  var availableFlags: SharedIndex { unsafe SharedIndex(available) }
  /// `avail.idx`
  var availableIndex: SharedIndex { unsafe SharedIndex(available + 2) }
  /// `used_event`: the driver wants a call when this used element is published.
  var usedEvent: SharedIndex { unsafe SharedIndex(available + 4 + 2 * size) }
  /// `used.flags`
  var usedFlags: SharedIndex { unsafe SharedIndex(used) }
  /// `used.idx`
  var usedIndex: SharedIndex { unsafe SharedIndex(used + 2) }
  /// `avail_event`: the device wants a kick when this entry is made available.
  var availableEvent: SharedIndex { unsafe SharedIndex(used + 4 + 8 * size) }

  /// `avail.ring[index]`, `index` taken modulo the size.
  @inline(__always)
  func availableHead(at index: UInt16) -> UInt16 {
    // SAFETY: the masked index is less than the size.
    unsafe SharedIndex(available + 4 + 2 * (Int(index) & (size - 1))).load()
  }

  /// Stores `used.ring[index]`, `index` taken modulo the size.
  @inline(__always)
  func storeUsed(at index: UInt16, head: UInt16, written: UInt32) {
    // SAFETY: the masked index is less than the size; the element is 4-aligned by `init`.
    let element = unsafe used + 4 + 8 * (Int(index) & (size - 1))
    unsafe element.storeBytes(of: UInt32(head), as: UInt32.self)
    unsafe element.storeBytes(of: written, toByteOffset: 4, as: UInt32.self)
  }
}

/// A table of descriptors: a ring's own, or an indirect one.
@safe
struct DescriptorTable {
  private let start: UnsafeRawPointer
  let count: UInt16

  /// The table of `count` descriptors at `start`, which must stay mapped while this is used.
  init(_ start: UnsafeRawPointer, count: UInt16) {
    // SAFETY: the caller keeps the table mapped.
    unsafe self.start = start
    self.count = count
  }

  /// The descriptor at `index`, copied once.
  @inline(__always)
  func load(_ index: UInt16) throws(ChainError) -> RingDescriptor {
    guard index < count else { throw .indexOutOfRange(index) }
    // SAFETY: the guard keeps the 16 bytes inside the table.
    let (address, rest) = unsafe SharedMemory.loadTwoWordsOnce(
      from: start + RingDescriptor.size * Int(index))
    return RingDescriptor(
      address: address, byteCount: UInt32(truncatingIfNeeded: rest),
      flags: UInt16(truncatingIfNeeded: rest >> 32), next: UInt16(truncatingIfNeeded: rest >> 48))
  }
}
