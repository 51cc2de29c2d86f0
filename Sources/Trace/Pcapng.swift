/// The blocks of pcapng that a capture is made of (draft-ietf-opsawg-pcapng, section 4).
enum BlockType {
  /// Section Header Block: the same in both byte orders.
  static let section: UInt32 = 0x0a0d_0d0a
  /// Interface Description Block.
  static let interface: UInt32 = 1
  /// Interface Statistics Block.
  static let statistics: UInt32 = 5
  /// Enhanced Packet Block.
  static let packet: UInt32 = 6
}

/// The options that we write or understand; the same number means different things in different
/// blocks.
enum OptionCode {
  /// `opt_endofopt`.
  static let end: UInt16 = 0
  /// `shb_os`: UTF-8.
  static let operatingSystem: UInt16 = 3
  /// `shb_userappl`: UTF-8.
  static let application: UInt16 = 4
  /// `if_name`: UTF-8.
  static let name: UInt16 = 2
  /// `if_tsresol`: one byte.
  static let resolution: UInt16 = 9
  /// `if_tsoffset`: seconds, 8 bytes, signed.
  static let timeOffset: UInt16 = 14
  /// `epb_flags`: 4 bytes.
  static let flags: UInt16 = 2
  /// `epb_dropcount`: 8 bytes, since the packet before on this interface.
  static let dropCount: UInt16 = 4
  /// `isb_ifrecv`: 8 bytes.
  static let received: UInt16 = 4
  /// `isb_ifdrop`: 8 bytes.
  static let dropped: UInt16 = 5
}

/// Numbers of the file as a whole.
enum Pcapng {
  /// What a section says its byte order with.
  static let byteOrderMagic: UInt32 = 0x1a2b_3c4d
  /// `LINKTYPE_USER0`.
  static let linkType: UInt16 = 147
  /// Type, length, and the length again at the end.
  static let frameByteCount = 12
  /// What stands before the packet in an Enhanced Packet Block, type and length included.
  static let packetPrefixByteCount = 28
  /// The longest block that is read into memory; the daemon writes none of 2 MiB.
  static let mostBlockBytes = 16 << 20
  /// The most interfaces of a section.
  static let mostInterfaces = 1 << 16

  /// `byteCount` and the padding to a multiple of four.
  @inline(__always)
  static func padded(_ byteCount: Int) -> Int {
    (byteCount + 3) & ~3
  }
}

/// The header that each packet of ours begins with (`docs/trace-format.md`).
enum PacketHeader {
  static let version: UInt8 = 1
  static let byteCount = 40
}
