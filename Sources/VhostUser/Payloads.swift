internal import Virtqueue

/// `vhost_vring_state`: a vring's index and a number for it.
struct VringState {
  var index: UInt32
  var number: UInt32

  init(_ reader: inout PayloadReader) throws(SessionError) {
    index = try reader.read()
    number = try reader.read()
  }
}

/// `vhost_vring_addr`: where a vring's parts are.
struct VringAddress {
  var index: UInt32
  var flags: UInt32
  var rings: RingAddresses
  var logAddress: UInt64

  init(_ reader: inout PayloadReader) throws(SessionError) {
    index = try reader.read()
    flags = try reader.read()
    let descriptors = UserAddress(rawValue: try reader.read())
    // The used ring comes before the available ring.
    let used = UserAddress(rawValue: try reader.read())
    let available = UserAddress(rawValue: try reader.read())
    rings = RingAddresses(descriptors: descriptors, available: available, used: used)
    logAddress = try reader.read()
  }
}

/// The index in the requests that carry a vring's descriptor.
struct VringDescriptorIndex {
  var index: UInt32
  /// Bit 8: there is no descriptor.
  var hasDescriptor: Bool

  init(_ reader: inout PayloadReader) throws(SessionError) {
    let word: UInt64 = try reader.read()
    index = UInt32(word & 0xff)
    hasDescriptor = word & 0x100 == 0
  }
}

/// `VhostUserMemoryRegion`: one range of the guest's memory.
struct RegionDescription {
  var guestAddress: UInt64
  var byteCount: UInt64
  var userAddress: UInt64
  var offset: UInt64

  init(_ reader: inout PayloadReader) throws(SessionError) {
    guestAddress = try reader.read()
    byteCount = try reader.read()
    userAddress = try reader.read()
    offset = try reader.read()
  }
}

/// `VhostUserConfig`: a part of the configuration space.
struct ConfigurationAccess {
  var offset: UInt32
  var byteCount: UInt32
  var flags: UInt32

  /// The most bytes in one message (`VHOST_USER_MAX_CONFIG_SIZE`).
  static let mostBytes = 256
  /// `VHOST_SET_CONFIG_TYPE_MIGRATION`
  static let migration: UInt32 = 1

  init(_ reader: inout PayloadReader) throws(SessionError) {
    offset = try reader.read()
    byteCount = try reader.read()
    flags = try reader.read()
  }
}
