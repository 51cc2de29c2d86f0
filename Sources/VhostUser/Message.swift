package import Linux

/// One message of the front-end: header, payload and descriptors (`VhostUserMsg`).
package struct Message: Sendable {
  package var request: UInt32
  package var flags: Flags
  package var payload: [UInt8]
  package var descriptors: [SharedDescriptor]

  /// Bytes of the header: request, flags and the payload's size, each 32 bits in host order.
  static let headerByteCount = 12
  /// No request of ours is longer; QEMU's own buffer is about as large.
  static let mostPayloadBytes = 4096

  /// The second word of the header.
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// The protocol's version, in the two lowest bits.
    package static let version1 = Flags(rawValue: 1)
    static let versionMask: UInt32 = 3
    /// The message answers one of ours.
    package static let reply = Flags(rawValue: 1 << 2)
    /// The sender waits for an answer.
    package static let needsReply = Flags(rawValue: 1 << 3)
  }

  /// The bytes of a reply to `request`.
  static func reply(to request: UInt32, _ payload: PayloadWriter) -> [UInt8] {
    var header = PayloadWriter()
    header.append(request)
    header.append(Flags.version1.union(.reply).rawValue)
    header.append(UInt32(payload.bytes.count))
    return header.bytes + payload.bytes
  }
}

/// Takes integers from the front of a payload whose length its contract has proved.
struct PayloadReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    rest = bytes[...]
  }

  var remaining: Int { rest.count }

  /// The next integer, in host order: little-endian on every host that we build for.
  mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(SessionError) -> T {
    let size = MemoryLayout<T>.size
    guard rest.count >= size else { throw .truncatedPayload }
    let value = rest.prefix(size).reversed().reduce(T.zero) { $0 << 8 | T(truncatingIfNeeded: $1) }
    rest = rest.dropFirst(size)
    return value
  }

  /// What has not been taken.
  mutating func readRest() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }
}

/// Puts a payload together.
struct PayloadWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func append(_ more: [UInt8]) {
    bytes += more
  }
}
