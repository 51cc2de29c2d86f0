internal import Virtqueue

/// The number of a slot: what completions and workers know a request by.
typealias SlotNumber = UInt32

/// The slots of one queue, in one block of memory that stays where it is.
///
/// A slot is made when the queue has so many requests in flight for the first time, and used again
/// from then on, the last one first: its memory is still in the processor's cache. Slots are handed
/// on by number, so that a request counts no references.
@safe
struct SlotArena: ~Copyable {
  private let slots: UnsafeMutablePointer<RequestSlot>
  /// The slots' private bytes, side by side.
  private let bytes: UnsafeMutableRawPointer
  /// The slots that nobody has, as a stack.
  private let free: UnsafeMutablePointer<SlotNumber>
  private var freeCount = 0
  /// How many slots have been made; the first so many are there.
  private(set) var madeCount = 0
  private let capacity: Int

  /// An arena of at most `capacity` slots. Memory that no slot has used yet costs nothing.
  init(capacity: Int) {
    self.capacity = capacity
    // SAFETY: freed in deinit; slots are initialised by `take`, the stack by `give`.
    unsafe slots = .allocate(capacity: capacity)
    unsafe bytes = .allocate(
      byteCount: capacity * RequestSlot.privateByteCount, alignment: RequestSlot.alignment)
    unsafe free = .allocate(capacity: capacity)
  }

  deinit {
    // SAFETY: the first `madeCount` slots are initialised, and the queue has got all of them back.
    unsafe slots.deinitialize(count: madeCount)
    unsafe slots.deallocate()
    unsafe bytes.deallocate()
    unsafe free.deallocate()
  }

  /// A slot that nobody has. There must be fewer than `capacity` in use.
  @inline(__always)
  mutating func take() -> SlotNumber {
    guard freeCount == 0 else {
      freeCount -= 1
      // SAFETY: below what `give` has written.
      return unsafe free[freeCount]
    }
    return make()
  }

  @inline(never)
  private mutating func make() -> SlotNumber {
    precondition(madeCount < capacity, "more requests than slots")
    // SAFETY: madeCount < capacity bounds both; this slot's bytes are nobody else's.
    let own = unsafe UnsafeMutableRawBufferPointer(
      start: bytes + madeCount * RequestSlot.privateByteCount,
      count: RequestSlot.privateByteCount)
    unsafe (slots + madeCount).initialize(to: RequestSlot(bytes: own))
    madeCount += 1
    return SlotNumber(madeCount - 1)
  }

  /// Takes back a slot that `take` gave.
  @inline(__always)
  mutating func give(_ number: SlotNumber) {
    precondition(freeCount < madeCount, "a slot comes back twice")
    // SAFETY: freeCount < madeCount <= capacity.
    unsafe free[freeCount] = number
    freeCount += 1
  }

  /// The slot with this number, which `take` has given.
  @inline(__always)
  subscript(number: SlotNumber) -> RequestSlot {
    unsafeAddress {
      // SAFETY: the slots below madeCount are initialised and do not move.
      precondition(number < madeCount, "no such slot")
      return unsafe UnsafePointer(slots + Int(number))
    }
    nonmutating unsafeMutableAddress {
      // SAFETY: as above; who has the number is the only one to use the slot.
      precondition(number < madeCount, "no such slot")
      return unsafe slots + Int(number)
    }
  }

  /// The slot as another thread may have it until it gives it back.
  func lend(_ number: SlotNumber) -> LentSlot {
    precondition(number < madeCount, "no such slot")
    // SAFETY: initialised, and in its place until the arena goes, which waits for it.
    return unsafe LentSlot(number: number, slot: slots + Int(number))
  }
}

/// A slot in the hands of a worker.
@safe
struct LentSlot: @unchecked Sendable {
  // SAFETY: @unchecked Sendable, because a slot is handed over under a lock, never shared.
  /// By which its queue knows it.
  let number: SlotNumber
  private let slot: UnsafeMutablePointer<RequestSlot>

  fileprivate init(number: SlotNumber, slot: UnsafeMutablePointer<RequestSlot>) {
    self.number = number
    // SAFETY: the caller has found the slot to be there.
    unsafe self.slot = slot
  }

  /// The slot itself.
  var request: RequestSlot {
    unsafeAddress {
      // SAFETY: the arena lives until all slots are back.
      unsafe UnsafePointer(slot)
    }
    nonmutating unsafeMutableAddress {
      // SAFETY: as above; the holder is the only one to use it.
      unsafe slot
    }
  }
}
