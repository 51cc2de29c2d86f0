internal import Linux

/// The guest's memory: some regions, at guest addresses of the owner's choice.
package struct GuestRAM: Sendable {
  /// In the order in which a memory table lists them.
  package let regions: [MemoryRegion]

  /// Memory of these regions, of which there is at least one.
  package init(regions: [MemoryRegion]) {
    precondition(!regions.isEmpty, "a guest without memory")
    self.regions = regions
  }

  /// One region.
  ///
  /// - Throws: `system`.
  package init(
    byteCount: Int, at address: GuestAddress = GuestAddress(rawValue: 1 << 20)
  ) throws(FrontEndError) {
    regions = [try MemoryRegion(guestAddress: address, byteCount: byteCount)]
  }

  /// The region that holds all of `byteCount` bytes at `address`.
  package func region(holding address: GuestAddress, byteCount: Int = 1) -> MemoryRegion? {
    regions.first { $0.contains(address, byteCount: byteCount) }
  }

  /// The region that what is not asked of any in particular is taken from: the first.
  package var main: MemoryRegion {
    regions[0]
  }

  /// Copies bytes into the guest's memory, across regions that adjoin.
  package func store(bytes: [UInt8], at address: GuestAddress) {
    var offset = 0
    while offset < bytes.count {
      guard let region = region(holding: address + offset) else {
        preconditionFailure("outside of the guest's memory")
      }
      let end = region.guestAddress.rawValue + UInt64(region.byteCount)
      let count = min(bytes.count - offset, Int(end - (address + offset).rawValue))
      let part = bytes.rawBytes.extracting(offset..<offset + count)
      region.store(bytes: part, at: address + offset)
      offset += count
    }
  }

  /// Copies bytes out of the guest's memory, across regions that adjoin.
  package func bytes(of buffer: GuestBuffer) -> [UInt8] {
    var result: [UInt8] = []
    while result.count < buffer.byteCount {
      let address = buffer.address + result.count
      guard let region = region(holding: address) else {
        preconditionFailure("outside of the guest's memory")
      }
      let end = region.guestAddress.rawValue + UInt64(region.byteCount)
      let count = min(buffer.byteCount - result.count, Int(end - address.rawValue))
      result += region.bytes(at: address, count: count)
    }
    return result
  }
}

/// Buffers out of one region, given back for others to use; one thread at a time.
///
/// Sizes are rounded up to powers of two, so that whatever is freed fits the next of its class.
package final class Arena {
  /// Where the buffers come from.
  package let region: MemoryRegion
  private var free: [[GuestAddress]] = Array(repeating: [], count: 48)

  /// An arena that takes from `region` what nobody else has taken.
  package init(_ region: MemoryRegion) {
    self.region = region
  }

  /// A buffer of `byteCount` bytes, aligned to its rounded size or to a page.
  ///
  /// - Throws: `outOfGuestMemory`.
  package func allocate(_ byteCount: Int) throws(FrontEndError) -> GuestBuffer {
    let sizeClass = Self.sizeClass(byteCount)
    if let address = free[sizeClass].popLast() {
      return GuestBuffer(address: address, byteCount: byteCount)
    }
    let rounded = 1 << sizeClass
    let whole = try region.reserve(byteCount: rounded, alignment: min(rounded, 4096))
    return GuestBuffer(address: whole.address, byteCount: byteCount)
  }

  /// Gives back a buffer that `allocate` gave, with the length that it had.
  package func free(_ buffer: GuestBuffer) {
    free[Self.sizeClass(buffer.byteCount)].append(buffer.address)
  }

  /// The exponent of the power of two that holds `byteCount`, at least 64.
  private static func sizeClass(_ byteCount: Int) -> Int {
    max(6, Int.bitWidth - (max(1, byteCount) - 1).leadingZeroBitCount)
  }
}
