/// Feature bits of GET_FEATURES and SET_FEATURES: those of virtio and those of vhost-user itself.
package struct VirtioFeatures: OptionSet, Hashable, Sendable {
  package var rawValue: UInt64

  /// The features with these bits.
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `VHOST_F_LOG_ALL`.
  package static let logAll = VirtioFeatures(rawValue: 1 << 26)
  /// `VIRTIO_RING_F_INDIRECT_DESC`.
  package static let indirectDescriptors = VirtioFeatures(rawValue: 1 << 28)
  /// `VIRTIO_RING_F_EVENT_IDX`.
  package static let eventIndex = VirtioFeatures(rawValue: 1 << 29)
  /// `VHOST_USER_F_PROTOCOL_FEATURES`.
  package static let protocolFeatures = VirtioFeatures(rawValue: 1 << 30)
  /// `VIRTIO_F_VERSION_1`.
  package static let version1 = VirtioFeatures(rawValue: 1 << 32)
  /// `VIRTIO_F_RING_PACKED`.
  package static let packedRing = VirtioFeatures(rawValue: 1 << 34)
}

/// `VHOST_USER_PROTOCOL_F_*`.
package struct ProtocolFeatures: OptionSet, Hashable, Sendable {
  package var rawValue: UInt64

  /// The features with these bits.
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// GET_QUEUE_NUM exists.
  package static let multipleQueues = ProtocolFeatures(rawValue: 1 << 0)
  /// `LOG_SHMFD`.
  package static let logDescriptor = ProtocolFeatures(rawValue: 1 << 1)
  /// Messages may ask for an acknowledgement.
  package static let replyAcknowledge = ProtocolFeatures(rawValue: 1 << 3)
  /// `BACKEND_REQ`: SET_BACKEND_REQ_FD exists.
  package static let backendRequests = ProtocolFeatures(rawValue: 1 << 5)
  /// GET_CONFIG and SET_CONFIG exist.
  package static let config = ProtocolFeatures(rawValue: 1 << 9)
  /// `INFLIGHT_SHMFD`.
  package static let inflightDescriptor = ProtocolFeatures(rawValue: 1 << 12)
  /// RESET_DEVICE exists.
  package static let resetDevice = ProtocolFeatures(rawValue: 1 << 13)
  /// `CONFIGURE_MEM_SLOTS`: GET_MAX_MEM_SLOTS, ADD_MEM_REG and REM_MEM_REG exist.
  package static let memorySlots = ProtocolFeatures(rawValue: 1 << 15)
  /// GET_STATUS and SET_STATUS exist.
  package static let status = ProtocolFeatures(rawValue: 1 << 16)
  /// `DEVICE_STATE`.
  package static let deviceState = ProtocolFeatures(rawValue: 1 << 19)
}
