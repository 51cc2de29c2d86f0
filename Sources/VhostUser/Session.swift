package import Linux
package import Virtqueue

/// One front-end's connection, from its first message to its last: the control thread's work.
///
/// Requests are handled in their order, one at a time. Everything that a front-end set goes with
/// the session.
package final class Session {
  /// How the session ended.
  package enum End: Sendable {
    /// The front-end left.
    case disconnected
    /// The daemon is to stop.
    case stopped
    /// The front-end did what the protocol forbids and did not ask for an answer.
    case violated(SessionError)
  }

  let device: any Device
  let observer: SessionObserver
  private let patience: Patience
  private let connection: Connection
  /// What may be agreed to of the protocol.
  private let offeredProtocolFeatures: ProtocolFeatures

  private var features: Features = []
  private var protocolFeatures: ProtocolFeatures = []
  var memory: GuestMemory
  var vrings: [Vring]
  var threads: QueueThreads
  /// Kept open for the front-end; we never send on it.
  private var backendRequests: SharedDescriptor?

  /// A session over `socket`.
  ///
  /// - Parameters:
  ///   - socket: The connection.
  ///   - device: What the front-end attaches to its guest.
  ///   - settings: How the queue threads work.
  ///   - offersConfiguration: Whether the configuration space is to be read from us.
  ///   - stop: Becomes readable when the session is to end.
  ///   - observer: Is told of what goes wrong.
  ///   - abandon: Ends the process: the session is over and requests are stuck in the host.
  package init(
    socket: consuming OwnedDescriptor, device: any Device, settings: QueueSettings,
    offersConfiguration: Bool, stop: Descriptor?, observer: @escaping SessionObserver,
    abandon: @escaping @Sendable () -> Never
  ) throws(Errno) {
    let patience = Patience(stop: stop, abandon: abandon)
    self.patience = patience
    connection = Connection(socket, stop: stop)
    self.device = device
    self.observer = observer
    var offered: ProtocolFeatures = [
      .multiqueue, .replyAcknowledgement, .backendRequests, .resetDevice, .configureMemorySlots,
    ]
    if offersConfiguration { offered.insert(.configuration) }
    offeredProtocolFeatures = offered
    memory = try GuestMemory([])
    vrings = Array(repeating: Vring(), count: device.queueCount)
    threads = QueueThreads(vringCount: device.queueCount, limit: settings.threadLimit) {
      (number) throws(Errno) in
      try QueueThread(
        number: number, device: device, settings: settings, patience: patience,
        observer: observer)
    }
  }

  /// Serves the front-end until it leaves or `stop` becomes readable.
  ///
  /// All vrings are stopped and their threads ended when this returns.
  package func run() -> End {
    defer { tearDown() }
    while true {
      do throws(Connection.End) {
        let message = try connection.receive()
        try serve(message)
      } catch {
        switch error {
        case .disconnected: return .disconnected
        case .stopped: return .stopped
        case .malformed(let reason): return .violated(reason)
        }
      }
    }
  }

  /// Handles one message and answers it if an answer is due.
  private func serve(_ message: Message) throws(Connection.End) {
    do throws(SessionError) {
      let request = try checked(message)
      var answer = try handle(request, message)
      if answer == nil, wantsAnswer(message) { answer = .acknowledgement(success: true) }
      if let answer { try send(answer, to: message) }
    } catch {
      observer(.refused(message, error))
      let hasOwnReply = Request(rawValue: message.request)?.hasOwnReply ?? false
      guard wantsAnswer(message), !hasOwnReply else { throw .malformed(error) }
      try connection.send(Message.reply(to: message.request, .acknowledgement(success: false)))
    }
  }

  /// Whether the front-end waits for an acknowledgement.
  ///
  /// Asked after the request was handled: SET_PROTOCOL_FEATURES, too, is acknowledged if it agrees
  /// to acknowledgements, and virtio_uml waits for that.
  private func wantsAnswer(_ message: Message) -> Bool {
    message.flags.contains(.needsReply) && protocolFeatures.contains(.replyAcknowledgement)
  }

  private func send(_ answer: PayloadWriter, to message: Message) throws(SessionError) {
    do throws(Connection.End) {
      try connection.send(Message.reply(to: message.request, answer))
    } catch {
      // The next receive finds the broken connection.
      return
    }
  }

  /// The request, if its number is known and its shape is what its contract says.
  private func checked(_ message: Message) throws(SessionError) -> Request {
    guard let request = Request(rawValue: message.request) else {
      throw .unknownRequest(message.request)
    }
    let contract = request.contract
    if let feature = contract.feature, !protocolFeatures.contains(feature) {
      throw .featureMissing(request)
    }
    guard contract.byteCount.contains(message.payload.count) else {
      throw .payloadLength(request, message.payload.count)
    }
    guard contract.descriptorCount.contains(message.descriptors.count) else {
      throw .descriptorCount(request, message.descriptors.count)
    }
    return request
  }

  /// - Returns: The reply of a request that has one of its own.
  private func handle(
    _ request: Request, _ message: Message
  ) throws(SessionError) -> PayloadWriter? {
    var payload = PayloadReader(message.payload)
    switch request {
    case .getFeatures: return .number(offeredFeatures.rawValue)
    case .setFeatures: try setFeatures(&payload)
    case .setOwner, .resetOwner: break
    case .getProtocolFeatures: return .number(offeredProtocolFeatures.rawValue)
    case .setProtocolFeatures: try setProtocolFeatures(&payload)
    case .getQueueNumber: return .number(UInt64(vrings.count))
    case .setBackendRequestDescriptor: backendRequests = message.descriptors.first
    case .setMemoryTable: try setMemoryTable(&payload, message.descriptors)
    case .getMaximumMemorySlots: return .number(UInt64(Self.mostMemorySlots))
    case .addMemoryRegion: try addMemoryRegion(&payload, message.descriptors)
    case .removeMemoryRegion: try removeMemoryRegion(&payload)
    case .setVringNumber: try setVringNumber(&payload)
    case .setVringAddress: try setVringAddress(&payload)
    case .setVringBase: try setVringBase(&payload)
    case .getVringBase: return try getVringBase(&payload)
    case .setVringKick: try setVringKick(&payload, message.descriptors)
    case .setVringCall: try setVringCall(&payload, message.descriptors)
    case .setVringError: try setVringError(&payload, message.descriptors)
    case .setVringEnable: try setVringEnable(&payload)
    case .getConfiguration: return try getConfiguration(&payload)
    case .setConfiguration: try setConfiguration(&payload)
    case .resetDevice: resetDevice()
    }
    return nil
  }

  // MARK: Features

  private var offeredFeatures: Features {
    let ours: Features = [.version1, .indirectDescriptors, .eventIndex, .protocolFeatures]
    return ours.union(device.features)
  }

  private func setFeatures(_ payload: inout PayloadReader) throws(SessionError) {
    let wanted = Features(rawValue: try payload.read())
    guard offeredFeatures.isSuperset(of: wanted) else {
      throw .featuresNotOffered(wanted.subtracting(offeredFeatures).rawValue)
    }
    features = wanted
    // Without the protocol features there is no SET_VRING_ENABLE: vrings are enabled at once.
    guard !wanted.contains(.protocolFeatures) else { return }
    for index in vrings.indices { try enableVring(index, true) }
  }

  /// What the driver and the device agreed on, for a vring that starts.
  var negotiatedFeatures: Features { features }

  private func setProtocolFeatures(_ payload: inout PayloadReader) throws(SessionError) {
    let wanted = ProtocolFeatures(rawValue: try payload.read())
    guard offeredProtocolFeatures.isSuperset(of: wanted) else {
      throw .featuresNotOffered(wanted.subtracting(offeredProtocolFeatures).rawValue)
    }
    protocolFeatures = wanted
  }

  // MARK: The device

  private func resetDevice() {
    for index in vrings.indices {
      stopVring(index)
      vrings[index].isEnabled = false
    }
    device.reset()
  }

  private func getConfiguration(
    _ payload: inout PayloadReader
  ) throws(SessionError) -> PayloadWriter {
    let access = try ConfigurationAccess(&payload)
    let (offset, count) = (Int(access.offset), Int(access.byteCount))
    var reply = PayloadWriter()
    // An empty payload says that there is no such part.
    guard count == payload.remaining, offset <= ConfigurationAccess.mostBytes else { return reply }
    reply.append(access.offset)
    reply.append(access.byteCount)
    reply.append(access.flags)
    // A front-end may know a longer space than ours: the rest reads as zeros.
    let space = device.configuration
    reply.append((offset..<offset + count).map { $0 < space.count ? space[$0] : 0 })
    return reply
  }

  private func setConfiguration(_ payload: inout PayloadReader) throws(SessionError) {
    let access = try ConfigurationAccess(&payload)
    // A migration's destination writes back what the source read.
    guard access.flags == ConfigurationAccess.migration else { throw .configurationIsReadOnly }
  }

  private func tearDown() {
    patience.leave()
    for index in vrings.indices { stopVring(index) }
    threads.end()
  }
}

extension PayloadWriter {
  /// A reply of one 64-bit number.
  static func number(_ value: UInt64) -> PayloadWriter {
    var writer = PayloadWriter()
    writer.append(value)
    return writer
  }

  /// The answer of `REPLY_ACK`: zero for success.
  static func acknowledgement(success: Bool) -> PayloadWriter {
    .number(success ? 0 : 1)
  }
}
