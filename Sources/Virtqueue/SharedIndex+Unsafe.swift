internal import Synchronization

/// One 16-bit field of a ring, which the driver reads or writes at any moment.
@safe
struct SharedIndex {
  private let field: UnsafeMutablePointer<Atomic<UInt16>>

  /// The field at `address`, which must be even and stay mapped while this value is used.
  @inline(__always)
  init(_ address: UnsafeMutableRawPointer) {
    // SAFETY: Atomic<UInt16> has the layout of UInt16, and the caller answers for the address.
    unsafe field = address.assumingMemoryBound(to: Atomic<UInt16>.self)
  }

  /// What the other side published before it stored the field is visible after this.
  @inline(__always)
  func loadAcquiring() -> UInt16 {
    // SAFETY: mapped and aligned, see `init`; so below.
    unsafe field.pointee.load(ordering: .acquiring)
  }

  @inline(__always)
  func load() -> UInt16 {
    // SAFETY: see `loadAcquiring`.
    unsafe field.pointee.load(ordering: .relaxed)
  }

  /// What this side wrote before is visible to whoever sees the new value.
  @inline(__always)
  func storeReleasing(_ value: UInt16) {
    // SAFETY: see `loadAcquiring`.
    unsafe field.pointee.store(value, ordering: .releasing)
  }

  @inline(__always)
  func store(_ value: UInt16) {
    // SAFETY: see `loadAcquiring`.
    unsafe field.pointee.store(value, ordering: .relaxed)
  }

  /// Keeps what stands before it from being reordered with the loads after it.
  @inline(__always)
  static func fence() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }
}
