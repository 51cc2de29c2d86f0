import Linux
import TestSupport
import Testing

@testable import VhostUser

/// Whole messages come out, however they come in.
@Suite struct ConnectionTests {
  /// A connection and the front-end's end of it.
  private struct Pair: ~Copyable {
    let connection: Connection
    let frontEnd: OwnedDescriptor
    let stop: SharedDescriptor

    init() throws {
      let (ours, theirs) = try OwnedDescriptor.socketPair()
      let (reader, writer) = try OwnedDescriptor.socketPair()
      stop = SharedDescriptor(OwnedDescriptor(taking: writer.rawValue))
      stopReader = SharedDescriptor(OwnedDescriptor(taking: reader.rawValue))
      connection = Connection(
        OwnedDescriptor(taking: ours.rawValue), stop: stopReader.borrowed)
      frontEnd = OwnedDescriptor(taking: theirs.rawValue)
    }

    private let stopReader: SharedDescriptor

    func send(_ bytes: [UInt8], descriptors: [Descriptor] = []) throws {
      #expect(try frontEnd.borrowed.send(bytes[...], descriptors: descriptors) == bytes.count)
    }
  }

  private static let message: [UInt8] = [
    2, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
  ]

  @Test func takesAMessageWithItsDescriptors() throws {
    let pair = try Pair()
    let event = try EventDescriptor()
    try pair.send(Self.message, descriptors: [event.borrowed])
    let message = try pair.connection.receive()
    #expect(message.request == 2)
    #expect(message.flags.contains(.needsReply))
    #expect(message.payload == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(message.descriptors.count == 1)
  }

  @Test func takesAMessageThatComesByteByByte() throws {
    let pair = try Pair()
    let frontEnd = try pair.frontEnd.borrowed.duplicate()
    let sender = SharedDescriptor(frontEnd)
    let thread = try Thread(name: "sender") {
      for byte in Self.message { _ = try? sender.borrowed.send([byte]) }
    }
    let message = try pair.connection.receive()
    thread.join()
    #expect(message.payload == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test(arguments: [0, 2, 3, 5] as [UInt8])
  func refusesOtherVersionsAndReplies(_ flags: UInt8) throws {
    let pair = try Pair()
    try pair.send([1, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0])
    let end = #expect(throws: Connection.End.self) { try pair.connection.receive() }
    guard case .malformed(.badHeader) = end else {
      Issue.record("ended otherwise: \(String(describing: end))")
      return
    }
  }

  @Test func refusesAPayloadBeyondAnyRequest() throws {
    let pair = try Pair()
    try pair.send([1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
    let end = #expect(throws: Connection.End.self) { try pair.connection.receive() }
    guard case .malformed(.oversizedPayload(.max)) = end else {
      Issue.record("ended otherwise: \(String(describing: end))")
      return
    }
  }

  @Test(arguments: [0, 1, 11, 12, 19])
  func noticesAFrontEndThatLeaves(after count: Int) throws {
    let (ours, theirs) = try OwnedDescriptor.socketPair()
    let connection = Connection(OwnedDescriptor(taking: ours.rawValue), stop: nil)
    let frontEnd = OwnedDescriptor(taking: theirs.rawValue)
    if count > 0 { _ = try frontEnd.borrowed.send(Self.message[..<count]) }
    _ = consume frontEnd
    let end = #expect(throws: Connection.End.self) { try connection.receive() }
    guard case .disconnected = end else {
      Issue.record("ended otherwise: \(String(describing: end))")
      return
    }
  }

  @Test func stopsInTheMiddleOfAMessage() throws {
    let pair = try Pair()
    try pair.send(Array(Self.message[..<5]))
    _ = try pair.stop.borrowed.send([1])
    let end = #expect(throws: Connection.End.self) { try pair.connection.receive() }
    guard case .stopped = end else {
      Issue.record("ended otherwise: \(String(describing: end))")
      return
    }
  }
}
