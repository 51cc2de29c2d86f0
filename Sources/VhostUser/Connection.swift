internal import Linux

/// The socket to the front-end: whole messages in, whole replies out.
struct Connection: ~Copyable {
  private let socket: OwnedDescriptor
  /// Becomes readable when the daemon is to stop.
  private let stop: Descriptor?

  /// Why no message came.
  enum End: Error {
    /// The front-end closed the connection, or it broke.
    case disconnected
    /// `stop` became readable.
    case stopped
    /// The message cannot be one.
    case malformed(SessionError)
  }

  init(_ socket: consuming OwnedDescriptor, stop: Descriptor?) {
    self.socket = socket
    self.stop = stop
  }

  /// Waits for the next message.
  borrowing func receive() throws(End) -> Message {
    var descriptors: [SharedDescriptor] = []
    let header = try receive(Message.headerByteCount, descriptors: &descriptors)
    var reader = PayloadReader(header)
    do {
      let request = try reader.read(UInt32.self)
      let flags = Message.Flags(rawValue: try reader.read())
      let byteCount = try reader.read(UInt32.self)
      guard flags.rawValue & Message.Flags.versionMask == 1, !flags.contains(.reply) else {
        throw SessionError.badHeader(flags: flags.rawValue)
      }
      guard byteCount <= Message.mostPayloadBytes else {
        throw SessionError.oversizedPayload(byteCount)
      }
      let payload = try receive(Int(byteCount), descriptors: &descriptors)
      return Message(request: request, flags: flags, payload: payload, descriptors: descriptors)
    } catch let error as SessionError {
      throw .malformed(error)
    } catch let end as End {
      throw end
    } catch {
      throw .disconnected
    }
  }

  /// Receives exactly `count` bytes.
  private borrowing func receive(
    _ count: Int, descriptors: inout [SharedDescriptor]
  ) throws(End) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      try waitForBytes()
      guard
        let part = try? socket.borrowed.receive(
          upTo: count - bytes.count, descriptors: &descriptors),
        !part.isEmpty
      else { throw .disconnected }
      bytes += part
      // A message that brings more is none; descriptors are not collected for it.
      guard descriptors.count <= Descriptor.mostDescriptorsPerMessage else {
        throw .malformed(.tooManyDescriptors)
      }
    }
    return bytes
  }

  private borrowing func waitForBytes() throws(End) {
    guard let stop else { return }
    while true {
      guard
        let readable = try? Descriptor.pollInput([stop, socket.borrowed], milliseconds: -1)
      else { throw .disconnected }
      if readable & 1 != 0 { throw .stopped }
      if readable & 2 != 0 { return }
    }
  }

  /// Sends all of `bytes`; waits while the front-end does not read, until the daemon is to stop.
  borrowing func send(_ bytes: [UInt8]) throws(End) {
    var rest = bytes[...]
    while !rest.isEmpty {
      try waitForRoom()
      guard let sent = try? socket.borrowed.send(rest) else { throw .disconnected }
      rest = rest.dropFirst(sent)
    }
  }

  private borrowing func waitForRoom() throws(End) {
    guard let stop else { return }
    while true {
      guard let hasRoom = try? socket.borrowed.pollRoom(milliseconds: 50) else {
        throw .disconnected
      }
      if hasRoom { return }
      guard let stopped = try? Descriptor.pollInput([stop], milliseconds: 0), stopped == 0 else {
        throw .stopped
      }
    }
  }
}
