/// The payload of a message, built or taken apart field by field.
///
/// Both ends are on one machine, so the byte order is the machine's, and every machine that this
/// runs on is little-endian.
package struct Payload: Equatable, Sendable {
  package private(set) var bytes: [UInt8]

  /// The payload with these bytes.
  package init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  /// Appends an integer, as wide as its type.
  package mutating func append<T: FixedWidthInteger>(_ value: T) {
    var rest = value
    for _ in 0..<T.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest = T.bitWidth > 8 ? rest >> 8 : 0
    }
  }

  /// Appends bytes as they are.
  package mutating func append(bytes more: some Sequence<UInt8>) {
    bytes.append(contentsOf: more)
  }

  /// The integer at `offset`, or nothing if the payload ends before it does.
  package func load<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T? {
    let byteCount = T.bitWidth / 8
    guard offset >= 0, offset + byteCount <= bytes.count else { return nil }
    var value: T = 0
    for index in 0..<byteCount {
      value |= T(truncatingIfNeeded: bytes[offset + index]) << (8 * index)
    }
    return value
  }
}

extension Payload {
  /// `u64`.
  package init(_ value: UInt64) {
    self.init()
    append(value)
  }

  /// `vhost_vring_state`: a vring's index and a number.
  package init(vring: UInt32, _ value: UInt32) {
    self.init()
    append(vring)
    append(value)
  }

  /// `vhost_vring_addr`.
  package init(_ addresses: VringAddresses) {
    self.init(vring: addresses.vring, addresses.flags)
    append(addresses.descriptors)
    append(addresses.used)
    append(addresses.available)
    append(addresses.log)
  }

  /// `VhostUserMemory`: the count, padding and the regions.
  package init(_ regions: [RegionDescription]) {
    self.init(vring: UInt32(regions.count), 0)
    for region in regions { append(region) }
  }

  /// `VhostUserMemRegMsg`: padding and one region.
  package init(_ region: RegionDescription) {
    self.init(0)
    append(region)
  }

  /// `VhostUserConfig` with `content`, whose length it states.
  package init(configOffset offset: UInt32, flags: UInt32, content: [UInt8]) {
    self.init(vring: offset, UInt32(content.count))
    append(flags)
    append(bytes: content)
  }

  /// `VhostUserMemoryRegion`.
  package mutating func append(_ region: RegionDescription) {
    append(region.guestAddress)
    append(region.byteCount)
    append(region.userAddress)
    append(region.fileOffset)
  }
}

/// `vhost_vring_addr`: where a vring's parts lie, in the front-end's user addresses.
package struct VringAddresses: Equatable, Sendable {
  package var vring: UInt32
  package var flags: UInt32
  package var descriptors: UInt64
  package var used: UInt64
  package var available: UInt64
  package var log: UInt64

  /// The structure with these fields.
  package init(
    vring: UInt32, flags: UInt32 = 0, descriptors: UInt64, used: UInt64, available: UInt64,
    log: UInt64 = 0
  ) {
    self.vring = vring
    self.flags = flags
    self.descriptors = descriptors
    self.used = used
    self.available = available
    self.log = log
  }
}

/// `VhostUserMemoryRegion`: a piece of the guest's memory, as the front-end describes it.
package struct RegionDescription: Equatable, Sendable {
  package var guestAddress: UInt64
  package var byteCount: UInt64
  package var userAddress: UInt64
  package var fileOffset: UInt64

  /// The structure with these fields.
  package init(guestAddress: UInt64, byteCount: UInt64, userAddress: UInt64, fileOffset: UInt64) {
    self.guestAddress = guestAddress
    self.byteCount = byteCount
    self.userAddress = userAddress
    self.fileOffset = fileOffset
  }
}
