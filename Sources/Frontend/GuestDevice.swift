internal import Linux

/// A virtio-fs device as a VMM and its guest have it: negotiated, with memory and running queues.
///
/// Closing the connection, by letting go of this object, ends it.
package final class GuestDevice {
  /// The vhost-user connection.
  package let connection: FrontEndConnection
  /// How it was set up.
  package private(set) var options: DeviceOptions
  /// The guest's memory.
  package let memory: GuestRAM
  /// The features of virtio that were agreed on.
  package private(set) var features: VirtioFeatures = []
  /// What GET_QUEUE_NUM said; nothing if it does not exist.
  package private(set) var offeredQueueCount: Int?
  /// The queues, by vring: 0 is for priority requests.
  package private(set) var queues: [RequestQueue] = []
  private let maskedCall: CallLine
  private var sentRegions: Set<ObjectIdentifier> = []
  /// Our end of the channel for the back-end's own requests.
  private var backendChannel: OwnedDescriptor?

  /// Connects to the back-end at `path`, negotiates, and starts the queues.
  ///
  /// - Throws: What went wrong first.
  package convenience init(
    path: String, options: DeviceOptions = DeviceOptions()
  ) throws(FrontEndError) {
    let connection = try FrontEndConnection(path: path, timeout: options.timeout)
    try self.init(connection, options: options)
  }

  /// Negotiates over `connection` and starts the queues.
  ///
  /// - Throws: What went wrong first.
  package init(
    _ connection: FrontEndConnection, options: DeviceOptions = DeviceOptions()
  ) throws(FrontEndError) {
    self.connection = connection
    self.options = options
    if let memory = options.memory {
      self.memory = memory
    } else {
      memory = try GuestRAM(byteCount: 256 << 20)
    }
    maskedCall = try CallLine(isPipe: false)
    try negotiate()
    try makeQueues()
    try start()
  }

  /// The request queue with that number, from 0.
  package func requestQueue(_ number: Int = 0) -> RequestQueue {
    queues[1 + number]
  }

  /// Sets the agreed features, hands over memory and vrings, and enables them.
  ///
  /// - Throws: What went wrong first.
  package func start() throws(FrontEndError) {
    try connection.setFeatures(features.union(.protocolFeatures))
    try handOverMemory()
    switch options.style {
    case .qemu7, .qemu10:
      for queue in queues { try startLikeQEMU(queue.ring) }
      for vring in 0..<queues.count + options.unusedQueueCount {
        try connection.setVringEnabled(vring, true)
      }
      for queue in queues { try setCall(queue.ring) }
    case .cloudHypervisor:
      for queue in queues {
        try connection.setVringNumber(queue.ring.vring, Int(queue.ring.memory.size))
      }
      for queue in queues { try startLikeCloudHypervisor(queue.ring) }
      for queue in queues { try connection.setVringEnabled(queue.ring.vring, true) }
    case .crosvm:
      for queue in queues {
        try connection.setVringNumber(queue.ring.vring, Int(queue.ring.memory.size))
        try startLikeCloudHypervisor(queue.ring)
        try connection.setVringEnabled(queue.ring.vring, true)
      }
    case .userModeLinux:
      for queue in queues { try startLikeUserModeLinux(queue.ring) }
    }
    // Messages are handled in their order, so an answer to this one covers those before it.
    if options.waitsForStart { _ = try connection.features() }
  }

  /// Stops the queues as a VMM does when the guest resets the device or the VM is paused.
  ///
  /// - Returns: The index of each vring at which it would go on.
  /// - Throws: What went wrong first.
  @discardableResult
  package func stop() throws(FrontEndError) -> [UInt16] {
    for vring in 0..<queues.count + options.unusedQueueCount {
      try connection.setVringEnabled(vring, false)
    }
    for queue in queues { try stopRing(queue.ring) }
    return queues.map(\.ring.deviceIndex)
  }

  /// GET_VRING_BASE: the ring goes on at the answer if it is started again.
  ///
  /// - Throws: What went wrong first.
  package func stopRing(_ ring: DriverRing) throws(FrontEndError) {
    ring.deviceIndex = UInt16(truncatingIfNeeded: try connection.vringBase(ring.vring))
  }

  /// Forgets the queues and makes new ones, as a guest does after a reset, and starts them.
  ///
  /// - Throws: What went wrong first.
  package func restartAnew() throws(FrontEndError) {
    try makeQueues()
    try start()
  }
}

extension GuestDevice {
  private func negotiate() throws(FrontEndError) {
    let style = options.style
    if style == .cloudHypervisor || style == .userModeLinux { try connection.setOwner() }
    var offered = try connection.features()
    guard offered.contains([.version1, .protocolFeatures]) else { throw .notOffered }
    let agreed = try connection.offeredProtocolFeatures().intersection(style.protocolFeatures)
    if style == .crosvm || style == .userModeLinux {
      guard agreed.contains(.config) else { throw .notOffered }
    }
    try connection.setProtocolFeatures(agreed)
    connection.acknowledged = style.acknowledged
    if agreed.contains(.multipleQueues) { offeredQueueCount = try connection.queueCount() }
    if options.acceptsFewerQueues, let offeredQueueCount {
      options.requestQueueCount = min(options.requestQueueCount, max(1, offeredQueueCount - 1))
    }
    if style == .qemu7 || style == .qemu10, agreed.contains(.memorySlots) {
      _ = try connection.maximumMemorySlotCount()
    }
    if agreed.contains(.backendRequests) { try openBackendChannel() }
    if style != .cloudHypervisor, style != .userModeLinux {
      try connection.setOwner()
      offered = try connection.features()
    }
    features = offered.intersection(options.features)
    guard style == .qemu7 || style == .qemu10 else { return }
    for vring in 0...options.requestQueueCount {
      try connection.setVringDescriptor(.setVringCall, vring, maskedCall.writable)
    }
  }

  private func openBackendChannel() throws(FrontEndError) {
    let pair = try system { () throws(Errno) in try OwnedDescriptor.socketPair() }
    let theirs = OwnedDescriptor(taking: pair.1.rawValue)
    backendChannel = OwnedDescriptor(taking: pair.0.rawValue)
    try connection.setBackendRequestDescriptor(theirs.borrowed)
  }

  private func makeQueues() throws(FrontEndError) {
    queues = []
    for vring in 0...options.requestQueueCount {
      let ring = try DriverRing(
        vring: vring, size: options.queueSize, features: features, arena: Arena(memory.main),
        firstIndex: options.firstIndex, callsThroughPipe: options.style == .userModeLinux)
      ring.peer = connection.descriptor
      queues.append(RequestQueue(ring: ring, timeout: options.timeout))
    }
  }

  private func handOverMemory() throws(FrontEndError) {
    switch options.style {
    case .qemu7, .qemu10:
      guard connection.protocolFeatures.contains(.memorySlots) else {
        return try connection.setMemoryTable(memory.regions)
      }
      // QEMU adds only what the back-end does not have yet.
      for region in memory.regions where !sentRegions.contains(ObjectIdentifier(region)) {
        try connection.addMemoryRegion(region)
        sentRegions.insert(ObjectIdentifier(region))
      }
    case .cloudHypervisor, .crosvm:
      try connection.setMemoryTable(memory.regions)
    case .userModeLinux:
      // The driver sends room for two regions, whatever the count says.
      var payload = Payload(memory.regions.map(\.description))
      let padding = max(0, 8 + 2 * 32 - payload.bytes.count)
      payload.append(bytes: repeatElement(0, count: padding))
      try connection.post(
        .setMemoryTable, payload, descriptors: memory.regions.map(\.descriptor))
    }
  }

  /// Sets a ring up and starts it without enabling it, as QEMU does.
  ///
  /// - Throws: What went wrong first.
  package func startRing(_ ring: DriverRing) throws(FrontEndError) {
    try startLikeQEMU(ring)
    try setCall(ring)
  }

  private func startLikeQEMU(_ ring: DriverRing) throws(FrontEndError) {
    if options.style == .qemu10 {
      try connection.setVringDescriptor(.setVringError, ring.vring, ring.error.borrowed)
    }
    try connection.setVringNumber(ring.vring, Int(ring.memory.size))
    try connection.setVringBase(ring.vring, ring.deviceIndex)
    try connection.setVringAddress(ring.memory.addresses(vring: ring.vring))
    try connection.setVringDescriptor(.setVringKick, ring.vring, ring.kick.borrowed)
  }

  private func startLikeCloudHypervisor(_ ring: DriverRing) throws(FrontEndError) {
    try connection.setVringAddress(ring.memory.addresses(vring: ring.vring))
    try connection.setVringBase(ring.vring, ring.deviceIndex)
    try setCall(ring)
    try connection.setVringDescriptor(.setVringKick, ring.vring, ring.kick.borrowed)
  }

  private func startLikeUserModeLinux(_ ring: DriverRing) throws(FrontEndError) {
    try setCall(ring)
    try connection.setVringNumber(ring.vring, Int(ring.memory.size))
    try connection.setVringBase(ring.vring, ring.deviceIndex)
    try connection.setVringAddress(ring.memory.addresses(vring: ring.vring))
    try connection.setVringDescriptor(.setVringKick, ring.vring, ring.kick.borrowed)
    try connection.setVringEnabled(ring.vring, true)
  }

  private func setCall(_ ring: DriverRing) throws(FrontEndError) {
    try connection.setVringDescriptor(.setVringCall, ring.vring, ring.call.writable)
  }
}
