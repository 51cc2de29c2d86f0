/// How long the block of one record is, and which of its options it has.
struct RecordLayout {
  /// The message, then the part of the data that is kept.
  let messageByteCount: Int
  let keptByteCount: Int
  /// How much data there was.
  let dataByteCount: Int
  /// Whether the block says that records before it were dropped.
  let tellsDrops: Bool

  /// The packet as it stands in the file.
  var packetByteCount: Int { PacketHeader.byteCount + messageByteCount + keptByteCount }

  /// The packet as it would be with all of its data; at the limit where 32 bits do not say it.
  var originalByteCount: UInt32 {
    UInt32(clamping: PacketHeader.byteCount + messageByteCount + dataByteCount)
  }

  /// `epb_flags`, `epb_dropcount` if there is one, and `opt_endofopt`.
  private var optionsByteCount: Int { 8 + (tellsDrops ? 12 : 0) + 4 }

  /// The whole block.
  var blockByteCount: Int {
    Pcapng.packetPrefixByteCount + Pcapng.padded(packetByteCount) + optionsByteCount + 4
  }
}
