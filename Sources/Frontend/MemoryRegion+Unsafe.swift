package import FuseProtocol
package import Linux
internal import Synchronization

/// A region of the guest's memory: a file in memory, mapped here and, by the back-end, there.
///
/// Loads and stores must lie inside: a caller's mistake ends the program. What the device writes
/// meanwhile is read as it is at that moment.
package final class MemoryRegion: Sendable {
  /// Where the guest sees it.
  package let guestAddress: GuestAddress
  /// How long it is.
  package let byteCount: Int
  private let file: OwnedDescriptor
  private let fileOffset: Int
  private let mapping: Mapping
  private let reserved = Atomic<Int>(0)

  /// A new region, all zero, whose memory begins `fileOffset` bytes into its file.
  ///
  /// - Throws: `system`.
  package init(
    guestAddress: GuestAddress, byteCount: Int, fileOffset: Int = 0
  ) throws(FrontEndError) {
    let total = byteCount + fileOffset
    let file = try system { () throws(Errno) in
      try OwnedDescriptor.memoryFile(byteCount: total)
    }
    let number = file.borrowed
    mapping = try system { () throws(Errno) in try Mapping(number, byteCount: total) }
    self.file = file
    self.guestAddress = guestAddress
    self.byteCount = byteCount
    self.fileOffset = fileOffset
  }

  /// The file, to be sent to a back-end.
  package var descriptor: Descriptor { file.borrowed }

  /// What SET_MEM_TABLE says of it; the user address is where it is mapped here.
  package var description: RegionDescription {
    RegionDescription(
      guestAddress: guestAddress.rawValue, byteCount: UInt64(byteCount),
      userAddress: userAddress(of: guestAddress), fileOffset: UInt64(fileOffset))
  }

  /// The front-end's user address of a guest address in this region.
  package func userAddress(of address: GuestAddress) -> UInt64 {
    // SAFETY: the pointer becomes a number and is not followed.
    UInt64(UInt(bitPattern: unsafe mapping.base)) &+ UInt64(fileOffset)
      &+ (address.rawValue &- guestAddress.rawValue)
  }

  /// Whether `byteCount` bytes at `address` lie in this region.
  package func contains(_ address: GuestAddress, byteCount: Int = 1) -> Bool {
    address >= guestAddress && byteCount >= 0 && byteCount <= self.byteCount
      && address.rawValue - guestAddress.rawValue <= UInt64(self.byteCount - byteCount)
  }

  /// Takes `byteCount` bytes for good that nobody else has; `alignment` is a power of two.
  ///
  /// - Throws: `outOfGuestMemory`.
  package func reserve(
    byteCount: Int, alignment: Int = 16
  ) throws(FrontEndError) -> GuestBuffer {
    var old = reserved.load(ordering: .relaxed)
    while true {
      let start = (old + alignment - 1) & ~(alignment - 1)
      guard byteCount >= 0, start <= self.byteCount, byteCount <= self.byteCount - start else {
        throw .outOfGuestMemory
      }
      let result = reserved.compareExchange(
        expected: old, desired: start + byteCount, ordering: .relaxed)
      if result.exchanged {
        return GuestBuffer(address: guestAddress + start, byteCount: byteCount)
      }
      old = result.original
    }
  }

  /// The address here of `byteCount` bytes of the guest's.
  @inline(__always)
  func pointer(to address: GuestAddress, byteCount: Int) -> UnsafeMutableRawPointer {
    precondition(contains(address, byteCount: byteCount), "outside of the guest's memory")
    // SAFETY: the precondition keeps the range inside the mapping.
    return unsafe mapping.base + fileOffset + Int(address.rawValue - guestAddress.rawValue)
  }

  /// Stores a value of a fixed layout.
  @inline(__always)
  package func store<T: WireValue>(_ value: T, at address: GuestAddress) {
    let target = unsafe pointer(to: address, byteCount: MemoryLayout<T>.size)
    // SAFETY: `pointer` checked the range; a WireValue has no padding and no destructor.
    unsafe target.storeBytes(of: value, as: T.self)
  }

  /// Loads a value of a fixed layout.
  @inline(__always)
  package func load<T: WireValue>(_ type: T.Type, at address: GuestAddress) -> T {
    let source = unsafe pointer(to: address, byteCount: MemoryLayout<T>.size)
    // SAFETY: `pointer` checked the range, and a WireValue has no invalid bit pattern.
    return unsafe source.loadUnaligned(as: T.self)
  }

  /// Copies bytes into the guest's memory.
  package func store(bytes: RawSpan, at address: GuestAddress) {
    let target = unsafe pointer(to: address, byteCount: bytes.byteCount)
    // SAFETY: `pointer` checked the range for this count, and private bytes do not overlap it.
    unsafe bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      unsafe target.copyMemory(from: start, byteCount: source.count)
    }
  }

  /// Copies bytes out of the guest's memory.
  package func bytes(at address: GuestAddress, count: Int) -> [UInt8] {
    let source = unsafe pointer(to: address, byteCount: count)
    // SAFETY: `pointer` checked the range.
    return unsafe Array(UnsafeRawBufferPointer(start: source, count: count))
  }

  /// Sets every byte of a piece.
  package func fill(_ buffer: GuestBuffer, with byte: UInt8) {
    let target = unsafe pointer(to: buffer.address, byteCount: buffer.byteCount)
    // SAFETY: `pointer` checked the range.
    unsafe _ = target.initializeMemory(as: UInt8.self, repeating: byte, count: buffer.byteCount)
  }

  /// Calls `body` with the bytes of a piece, without copying them.
  ///
  /// The device must be done with the piece: nobody else may change it while `body` runs.
  package func withBytes<R, E>(
    of buffer: GuestBuffer, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    let start = unsafe pointer(to: buffer.address, byteCount: buffer.byteCount)
    // SAFETY: `pointer` checked the range; the span cannot leave `body`.
    return try unsafe body(
      RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: buffer.byteCount))
  }
}
