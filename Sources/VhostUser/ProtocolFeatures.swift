/// `VHOST_USER_PROTOCOL_F_*`: what front-end and back-end agree to use of the protocol.
package struct ProtocolFeatures: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `MQ`: GET_QUEUE_NUM exists.
  package static let multiqueue = ProtocolFeatures(rawValue: 1 << 0)
  /// `REPLY_ACK`: a request that asks for it gets an answer, be it good or bad.
  package static let replyAcknowledgement = ProtocolFeatures(rawValue: 1 << 3)
  /// `BACKEND_REQ`: the front-end gives a socket for requests of ours. None is ever sent; the
  /// virtio_uml driver wants the feature all the same.
  package static let backendRequests = ProtocolFeatures(rawValue: 1 << 5)
  /// `CONFIG`: the configuration space is the back-end's.
  package static let configuration = ProtocolFeatures(rawValue: 1 << 9)
  /// `RESET_DEVICE`
  package static let resetDevice = ProtocolFeatures(rawValue: 1 << 13)
  /// `CONFIGURE_MEM_SLOTS`: memory regions come and go one by one.
  package static let configureMemorySlots = ProtocolFeatures(rawValue: 1 << 15)
}
