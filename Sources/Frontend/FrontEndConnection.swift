package import Linux

/// A message as it came: the header's fields, the payload and what was attached.
package struct Message: Sendable {
  package var request: UInt32
  package var flags: UInt32
  package var payload: Payload
  package var descriptors: [SharedDescriptor]
}

/// The front-end's end of a vhost-user connection.
///
/// Messages go out in the order of the calls. A call that has a reply waits for it, no longer than
/// `timeout`. One thread at a time.
package final class FrontEndConnection {
  private let socket: OwnedDescriptor
  /// How long each call waits for the back-end.
  package var timeout: Duration
  /// Which messages ask for an acknowledgement, once REPLY_ACK is agreed on.
  package var acknowledged: Set<FrontEndRequest> = []
  /// What SET_PROTOCOL_FEATURES agreed on.
  package internal(set) var protocolFeatures: ProtocolFeatures = []

  /// Bits 0 and 1 of the flags: the version of the protocol.
  package static let version: UInt32 = 1
  /// Bit 2: this is a reply.
  package static let replyFlag: UInt32 = 1 << 2
  /// Bit 3: an acknowledgement is wanted.
  package static let needReplyFlag: UInt32 = 1 << 3

  /// Takes over a connected socket.
  ///
  /// - Throws: `system`.
  package init(
    taking socket: consuming OwnedDescriptor, timeout: Duration = .seconds(10)
  ) throws(FrontEndError) {
    let number = socket.borrowed
    self.socket = socket
    self.timeout = timeout
    try system { () throws(Errno) in try number.setNonblocking() }
  }

  /// Connects to the back-end that listens at `path`; does not wait for one to come up.
  ///
  /// - Throws: `timedOut(.connecting)` if it takes no connection, `system`.
  package convenience init(
    path: String, timeout: Duration = .seconds(10)
  ) throws(FrontEndError) {
    let socket: OwnedDescriptor
    do throws(Errno) {
      let (seconds, attoseconds) = timeout.components
      let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
      socket = try OwnedDescriptor.connected(
        toSocket: path, waitingAtMost: max(1, microseconds))
    } catch {
      throw error == .again ? .timedOut(.connecting) : .system(error)
    }
    try self.init(taking: socket, timeout: timeout)
  }

  /// The socket's number.
  package var descriptor: Descriptor {
    socket.borrowed
  }

  /// Sends a message whose header fits its payload.
  package func send(
    _ request: FrontEndRequest, _ payload: Payload = Payload(), descriptors: [Descriptor] = [],
    needsReply: Bool = false
  ) throws(FrontEndError) {
    var message = Payload()
    message.append(request.rawValue)
    message.append(Self.version | (needsReply ? Self.needReplyFlag : 0))
    message.append(UInt32(payload.bytes.count))
    message.append(bytes: payload.bytes)
    try send(bytes: message.bytes, descriptors: descriptors)
  }

  /// Sends bytes as they are, with descriptors beside the first: for messages that break rules.
  package func send(
    bytes: [UInt8], descriptors: [Descriptor] = []
  ) throws(FrontEndError) {
    let deadline = Deadline(after: timeout)
    var offset = 0
    var attached = descriptors
    while offset < bytes.count {
      do throws(Errno) {
        let rest = bytes.rawBytes.extracting(droppingFirst: offset)
        offset += try socket.borrowed.send(rest, descriptors: attached)
        attached = []
      } catch {
        if error == .brokenPipe || error == .connectionReset { throw .disconnected }
        guard error == .again else { throw .system(error) }
        guard try socket.borrowed.waitForRoom(until: deadline) else { throw .timedOut(.sending) }
      }
    }
  }

  /// The next message of the back-end, which must come before the deadline.
  package func receive(waitingFor request: UInt32 = 0) throws(FrontEndError) -> Message {
    let deadline = Deadline(after: timeout)
    var descriptors: [SharedDescriptor] = []
    let header = Payload(try receive(12, &descriptors, until: deadline, waitingFor: request))
    guard let number = header.load(UInt32.self, at: 0),
      let flags = header.load(UInt32.self, at: 4),
      let byteCount = header.load(UInt32.self, at: 8), byteCount <= 65536
    else { throw .malformedReply(to: request) }
    let payload = try receive(
      Int(byteCount), &descriptors, until: deadline, waitingFor: request)
    return Message(
      request: number, flags: flags, payload: Payload(payload), descriptors: descriptors)
  }

  /// Waits until the back-end closes the connection, discarding what it still says.
  ///
  /// - Returns: False if it is still open after `duration`.
  package func waitForClose(within duration: Duration) -> Bool {
    let deadline = Deadline(after: duration)
    var descriptors: [SharedDescriptor] = []
    while true {
      do throws(FrontEndError) {
        _ = try receive(1, &descriptors, until: deadline, waitingFor: 0)
      } catch {
        return error == .disconnected
      }
    }
  }

  private func receive(
    _ count: Int, _ descriptors: inout [SharedDescriptor], until deadline: Deadline,
    waitingFor request: UInt32
  ) throws(FrontEndError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var offset = 0
    while offset < count {
      do throws(Errno) {
        let received = try bytes.withMutableBytes(from: offset) { (rest) throws(Errno) in
          try socket.borrowed.receive(into: &rest, descriptors: &descriptors)
        }
        guard received > 0 else { throw .connectionReset }
        offset += received
      } catch {
        if error == .connectionReset { throw .disconnected }
        guard error == .again else { throw .system(error) }
        guard try Descriptor.waitForInput([socket.borrowed], until: deadline) != 0 else {
          throw .timedOut(.replying(request))
        }
      }
    }
    return bytes
  }
}
