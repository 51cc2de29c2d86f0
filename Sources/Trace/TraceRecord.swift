/// What a packet of a capture says: a request, a reply, or something that happened in between.
///
/// The layout in the file is `docs/trace-format.md`.
package struct TraceRecord: Equatable, Sendable {
  /// Which of the three it is.
  package enum Kind: UInt8, Sendable {
    /// A chain was taken from the available ring.
    case request = 1
    /// A chain was returned in the used ring.
    case reply = 2
    /// Something that is no chain: `TraceEvent`.
    case event = 3
  }

  /// When, in nanoseconds since 1970.
  package var time: UInt64
  package var kind: Kind
  /// The index of the vring: 0 is for priority requests.
  package var vring: UInt16
  /// The head of the descriptor chain.
  package var head: UInt16
  /// What a request and its reply have in common, and no other request of the capture.
  package var serial: UInt64
  /// The length of the chain's device-readable part.
  package var readableByteCount: UInt32
  /// Of a request the room in the device-writable part; of a reply what was written of it.
  package var writableByteCount: UInt32
  /// The header, with the arguments of a request or what a reply answers: whole.
  package var message: [UInt8]
  /// How many bytes at the message's end are missing: 0, unless a tool has cut the packets.
  package var missingMessageByteCount: UInt32
  /// The beginning of the file data of a WRITE, or of the reply to a READ.
  package var data: [UInt8]
  /// The length of all of that data.
  package var dataByteCount: UInt32
  /// `Digest` of all of that data; 0 without data, and for data of which there is no digest.
  package var digest: UInt64

  /// A record without file data.
  package init(
    time: UInt64, kind: Kind, vring: UInt16, head: UInt16 = 0, serial: UInt64 = 0,
    readableByteCount: UInt32 = 0, writableByteCount: UInt32 = 0, message: [UInt8] = []
  ) {
    self.time = time
    self.kind = kind
    self.vring = vring
    self.head = head
    self.serial = serial
    self.readableByteCount = readableByteCount
    self.writableByteCount = writableByteCount
    self.message = message
    missingMessageByteCount = 0
    data = []
    dataByteCount = 0
    digest = 0
  }

  /// Whether the capture holds less than all of the data.
  package var isDataCut: Bool {
    data.count < Int(dataByteCount)
  }
}
