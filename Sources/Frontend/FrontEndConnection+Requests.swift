package import Linux

/// The requests of the specification, typed. Each throws what `call` or `post` does.
extension FrontEndConnection {
  /// Sends a request that has a reply of its own, and waits for it.
  ///
  /// - Throws: `malformedReply` if the header is not that of a reply to `request`.
  package func call(
    _ request: FrontEndRequest, _ payload: Payload = Payload(), descriptors: [Descriptor] = []
  ) throws(FrontEndError) -> Message {
    try send(request, payload, descriptors: descriptors)
    return try reply(to: request)
  }

  /// Sends a request without a reply, and waits for the acknowledgement if one is asked for.
  ///
  /// - Throws: `refused` if the back-end says that it failed.
  package func post(
    _ request: FrontEndRequest, _ payload: Payload = Payload(), descriptors: [Descriptor] = []
  ) throws(FrontEndError) {
    let isAcknowledged =
      protocolFeatures.contains(.replyAcknowledge) && acknowledged.contains(request)
    try send(request, payload, descriptors: descriptors, needsReply: isAcknowledged)
    if isAcknowledged { try acknowledgement(of: request) }
  }

  /// Waits for the acknowledgement of a message that was sent with `needsReply`.
  package func acknowledgement(of request: FrontEndRequest) throws(FrontEndError) {
    guard try number(in: try reply(to: request)) == 0 else { throw .refused(request) }
  }

  /// Waits for the reply to `request`.
  package func reply(to request: FrontEndRequest) throws(FrontEndError) -> Message {
    let message = try receive(waitingFor: request.rawValue)
    guard message.request == request.rawValue,
      message.flags == Self.version | Self.replyFlag
    else { throw .malformedReply(to: request.rawValue) }
    return message
  }

  private func number(in message: Message) throws(FrontEndError) -> UInt64 {
    guard message.payload.bytes.count == 8, let value = message.payload.load(UInt64.self, at: 0)
    else { throw .malformedReply(to: message.request) }
    return value
  }

  // MARK: Negotiation

  /// GET_FEATURES.
  package func features() throws(FrontEndError) -> VirtioFeatures {
    VirtioFeatures(rawValue: try number(in: try call(.getFeatures)))
  }

  /// SET_FEATURES.
  package func setFeatures(_ features: VirtioFeatures) throws(FrontEndError) {
    try post(.setFeatures, Payload(features.rawValue))
  }

  /// SET_OWNER.
  package func setOwner() throws(FrontEndError) {
    try post(.setOwner)
  }

  /// GET_PROTOCOL_FEATURES.
  package func offeredProtocolFeatures() throws(FrontEndError) -> ProtocolFeatures {
    ProtocolFeatures(rawValue: try number(in: try call(.getProtocolFeatures)))
  }

  /// SET_PROTOCOL_FEATURES.
  package func setProtocolFeatures(_ features: ProtocolFeatures) throws(FrontEndError) {
    try post(.setProtocolFeatures, Payload(features.rawValue))
    protocolFeatures = features
  }

  /// GET_QUEUE_NUM.
  package func queueCount() throws(FrontEndError) -> Int {
    Int(clamping: try number(in: try call(.getQueueNumber)))
  }

  /// SET_BACKEND_REQ_FD.
  package func setBackendRequestDescriptor(_ descriptor: Descriptor) throws(FrontEndError) {
    try post(.setBackendRequestDescriptor, descriptors: [descriptor])
  }

  /// RESET_DEVICE.
  package func resetDevice() throws(FrontEndError) {
    try post(.resetDevice)
  }

  // MARK: Memory

  /// GET_MAX_MEM_SLOTS.
  package func maximumMemorySlotCount() throws(FrontEndError) -> Int {
    Int(clamping: try number(in: try call(.getMaximumMemorySlots)))
  }

  /// SET_MEM_TABLE.
  package func setMemoryTable(_ regions: [MemoryRegion]) throws(FrontEndError) {
    try post(
      .setMemoryTable, Payload(regions.map(\.description)),
      descriptors: regions.map(\.descriptor))
  }

  /// ADD_MEM_REG.
  package func addMemoryRegion(_ region: MemoryRegion) throws(FrontEndError) {
    try post(.addMemoryRegion, Payload(region.description), descriptors: [region.descriptor])
  }

  /// REM_MEM_REG.
  package func removeMemoryRegion(_ region: MemoryRegion) throws(FrontEndError) {
    try post(.removeMemoryRegion, Payload(region.description))
  }

  // MARK: Vrings

  /// SET_VRING_NUM.
  package func setVringNumber(_ vring: Int, _ count: Int) throws(FrontEndError) {
    try post(
      .setVringNumber,
      Payload(vring: UInt32(truncatingIfNeeded: vring), UInt32(truncatingIfNeeded: count)))
  }

  /// SET_VRING_ADDR.
  package func setVringAddress(_ addresses: VringAddresses) throws(FrontEndError) {
    try post(.setVringAddress, Payload(addresses))
  }

  /// SET_VRING_BASE.
  package func setVringBase(_ vring: Int, _ index: UInt16) throws(FrontEndError) {
    try post(.setVringBase, Payload(vring: UInt32(truncatingIfNeeded: vring), UInt32(index)))
  }

  /// GET_VRING_BASE: answered when every request of the vring is done; the next index to take.
  package func vringBase(_ vring: Int) throws(FrontEndError) -> UInt32 {
    let message = try call(.getVringBase, Payload(vring: UInt32(truncatingIfNeeded: vring), 0))
    guard message.payload.bytes.count == 8,
      message.payload.load(UInt32.self, at: 0) == UInt32(truncatingIfNeeded: vring),
      let index = message.payload.load(UInt32.self, at: 4)
    else { throw .malformedReply(to: message.request) }
    return index
  }

  /// SET_VRING_KICK, SET_VRING_CALL or SET_VRING_ERR; without a descriptor, bit 8 says so.
  package func setVringDescriptor(
    _ request: FrontEndRequest, _ vring: Int, _ descriptor: Descriptor?
  ) throws(FrontEndError) {
    let index = UInt64(UInt8(truncatingIfNeeded: vring))
    if let descriptor {
      try post(request, Payload(index), descriptors: [descriptor])
    } else {
      try post(request, Payload(index | 1 << 8))
    }
  }

  /// SET_VRING_ENABLE.
  package func setVringEnabled(_ vring: Int, _ isEnabled: Bool) throws(FrontEndError) {
    try post(
      .setVringEnable, Payload(vring: UInt32(truncatingIfNeeded: vring), isEnabled ? 1 : 0))
  }

  // MARK: Configuration

  /// GET_CONFIG: `count` bytes of the configuration space from `offset`.
  ///
  /// - Throws: `notOffered` if the back-end has no such bytes.
  package func config(
    offset: Int = 0, count: Int, flags: UInt32 = 0
  ) throws(FrontEndError) -> [UInt8] {
    let room = [UInt8](repeating: 0, count: count)
    let message = try call(
      .getConfig, Payload(configOffset: UInt32(offset), flags: flags, content: room))
    if message.payload.bytes.isEmpty { throw .notOffered }
    guard message.payload.bytes.count == 12 + count,
      let stated = message.payload.load(UInt32.self, at: 4)
    else { throw .malformedReply(to: message.request) }
    guard stated == UInt32(count) else { throw .notOffered }
    return Array(message.payload.bytes.dropFirst(12))
  }

  /// SET_CONFIG.
  package func setConfig(
    offset: Int, _ content: [UInt8], flags: UInt32 = 0
  ) throws(FrontEndError) {
    try post(.setConfig, Payload(configOffset: UInt32(offset), flags: flags, content: content))
  }
}
