/// A guest-physical address.
package struct GuestAddress: RawRepresentable, Hashable, Comparable, Sendable {
  package var rawValue: UInt64

  /// The address with this number.
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package static func < (left: GuestAddress, right: GuestAddress) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The address `byteCount` further; it wraps, because malformed descriptors are made so too.
  package static func + (address: GuestAddress, byteCount: Int) -> GuestAddress {
    GuestAddress(rawValue: address.rawValue &+ UInt64(bitPattern: Int64(byteCount)))
  }
}

/// A piece of the guest's memory.
package struct GuestBuffer: Hashable, Sendable {
  /// Where it begins.
  package var address: GuestAddress
  /// How long it is.
  package var byteCount: Int

  /// The piece of `byteCount` bytes at `address`.
  package init(address: GuestAddress, byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }

  /// The part of it that begins at `offset`, `byteCount` long or as long as there is.
  package func part(from offset: Int, byteCount: Int = .max) -> GuestBuffer {
    let start = min(max(0, offset), self.byteCount)
    return GuestBuffer(
      address: address + start, byteCount: min(byteCount, self.byteCount - start))
  }

  /// The buffer cut into pieces of `byteCount`, as a driver hands over pages.
  package func pieces(of byteCount: Int) -> [GuestBuffer] {
    stride(from: 0, to: self.byteCount, by: max(1, byteCount)).map {
      part(from: $0, byteCount: byteCount)
    }
  }
}
