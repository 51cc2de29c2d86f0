/// A front-end's request (`VhostUserRequest`; vhost-user, "Front-end message types").
///
/// Those that this back-end serves; any other number is refused.
package enum Request: UInt32, CaseIterable, Sendable {
  case getFeatures = 1
  case setFeatures = 2
  case setOwner = 3
  case resetOwner = 4
  case setMemoryTable = 5
  case setVringNumber = 8
  case setVringAddress = 9
  case setVringBase = 10
  case getVringBase = 11
  case setVringKick = 12
  case setVringCall = 13
  case setVringError = 14
  case getProtocolFeatures = 15
  case setProtocolFeatures = 16
  case getQueueNumber = 17
  case setVringEnable = 18
  case setBackendRequestDescriptor = 21
  case getConfiguration = 24
  case setConfiguration = 25
  case resetDevice = 34
  case getMaximumMemorySlots = 36
  case addMemoryRegion = 37
  case removeMemoryRegion = 38
}

/// What a request must look like before its handler sees it.
struct Contract {
  /// How long its payload may be, in bytes.
  var byteCount: ClosedRange<Int>
  /// How many descriptors may come with it.
  var descriptorCount: ClosedRange<Int>
  /// The protocol feature without which the request does not exist.
  var feature: ProtocolFeatures?

  init(
    _ byteCount: ClosedRange<Int>, descriptors: ClosedRange<Int> = 0...0,
    feature: ProtocolFeatures? = nil
  ) {
    self.byteCount = byteCount
    descriptorCount = descriptors
    self.feature = feature
  }
}

extension Request {
  /// The most regions that SET_MEM_TABLE carries: the specification says 8, cloud-hypervisor 32.
  static let mostTableRegions = 32

  /// Whether it has a reply of its own, in which a failure could not be told from a value.
  var hasOwnReply: Bool {
    switch self {
    case .getFeatures, .getProtocolFeatures, .getQueueNumber, .getVringBase, .getConfiguration,
      .getMaximumMemorySlots:
      true
    case .setFeatures, .setOwner, .resetOwner, .setMemoryTable, .setVringNumber,
      .setVringAddress, .setVringBase, .setVringKick, .setVringCall, .setVringError,
      .setProtocolFeatures, .setVringEnable, .setBackendRequestDescriptor, .setConfiguration,
      .resetDevice, .addMemoryRegion, .removeMemoryRegion:
      false
    }
  }

  /// What the request must look like.
  var contract: Contract {
    switch self {
    case .getFeatures, .setOwner, .resetOwner, .getProtocolFeatures, .getQueueNumber:
      Contract(0...0)
    case .setFeatures, .setProtocolFeatures:
      Contract(8...8)
    // virtio_uml sends room for two regions whatever the count says.
    case .setMemoryTable:
      Contract(8...(8 + 32 * Self.mostTableRegions), descriptors: 0...Self.mostTableRegions)
    case .setVringNumber, .setVringBase, .getVringBase, .setVringEnable:
      Contract(8...8)
    case .setVringAddress:
      Contract(40...40)
    case .setVringKick, .setVringCall, .setVringError:
      Contract(8...8, descriptors: 0...1)
    case .setBackendRequestDescriptor:
      Contract(0...0, descriptors: 1...1, feature: .backendRequests)
    case .getConfiguration, .setConfiguration:
      Contract(12...(12 + ConfigurationAccess.mostBytes), feature: .configuration)
    case .resetDevice:
      Contract(0...0, feature: .resetDevice)
    case .getMaximumMemorySlots:
      Contract(0...0, feature: .configureMemorySlots)
    case .addMemoryRegion:
      Contract(40...40, descriptors: 1...1, feature: .configureMemorySlots)
    // No descriptor belongs to it, but front-ends have sent one.
    case .removeMemoryRegion:
      Contract(40...40, descriptors: 0...1, feature: .configureMemorySlots)
    }
  }
}
