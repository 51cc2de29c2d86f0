internal import FuseProtocol

/// A cursor over the bytes of a message, for describing it.
///
/// Other than `WireReader` it owns the bytes and copies names: a description outlives its message.
struct MessageReader {
  private let bytes: [UInt8]
  private var offset: Int
  /// Behind the last byte that is read.
  private var end: Int

  /// A cursor at `offset` of a message.
  init(_ bytes: [UInt8], from offset: Int = 0) {
    self.bytes = bytes
    self.offset = min(max(0, offset), bytes.count)
    end = bytes.count
  }

  /// How many bytes have not been read.
  var remainingCount: Int { end - offset }

  /// Consumes a value of a fixed layout.
  mutating func read<T: WireValue>(_ type: T.Type = T.self) throws(DecodingError) -> T {
    // SAFETY: an array's bytes are all initialized; `offset` and `end` stay within it.
    var reader = WireReader(unsafe bytes.span.bytes.extracting(offset..<end))
    let value = try reader.read(type)
    offset += MemoryLayout<T>.size
    return value
  }

  /// Consumes a string and the NUL after it.
  mutating func readName() throws(DecodingError) -> [UInt8] {
    guard let length = bytes[offset..<end].firstIndex(of: 0) else { throw .unterminatedString }
    defer { offset = length + 1 }
    return Array(bytes[offset..<length])
  }

  /// Consumes so many bytes.
  mutating func readBytes(_ count: some UnsignedInteger) throws(DecodingError) -> [UInt8] {
    guard count <= remainingCount else { throw .truncated }
    defer { offset += Int(count) }
    return Array(bytes[offset..<offset + Int(count)])
  }

  /// Consumes what is left.
  mutating func readRest() -> [UInt8] {
    defer { offset = end }
    return Array(bytes[offset..<end])
  }

  /// Goes on behind the next `count` bytes, or at the end if there are fewer.
  mutating func skip(_ count: Int) {
    offset += min(max(0, count), remainingCount)
  }

  /// Takes the last `count` bytes off, to be read apart.
  mutating func splitLast(_ count: Int) throws(DecodingError) -> MessageReader {
    guard count >= 0, count <= remainingCount else { throw .truncated }
    var last = self
    last.offset = end - count
    end -= count
    return last
  }
}
