/// Feature bits that the driver and the device agree on (virtio 1.3, 6).
package struct Features: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `VHOST_F_LOG_ALL`: between front-end and back-end only.
  package static let logAll = Features(rawValue: 1 << 26)
  /// `VIRTIO_RING_F_INDIRECT_DESC`
  package static let indirectDescriptors = Features(rawValue: 1 << 28)
  /// `VIRTIO_RING_F_EVENT_IDX`
  package static let eventIndex = Features(rawValue: 1 << 29)
  /// `VHOST_USER_F_PROTOCOL_FEATURES`: between front-end and back-end only.
  package static let protocolFeatures = Features(rawValue: 1 << 30)
  /// `VIRTIO_F_VERSION_1`
  package static let version1 = Features(rawValue: 1 << 32)
}
