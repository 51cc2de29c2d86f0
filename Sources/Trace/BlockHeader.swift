/// What a block begins with, and the byte order that holds from it on.
struct BlockHeader {
  let type: UInt32
  /// `Block Total Length`.
  let byteCount: UInt32
  /// Where in the file the block begins.
  let offset: UInt64
  let isBigEndian: Bool

  /// Reads the first 12 of `bytes`.
  ///
  /// - Parameter isBigEndian: The byte order of the section that the block is in, unless it begins
  ///   another one.
  init(_ bytes: RawSpan, at offset: UInt64, isBigEndian: Bool) throws(BlockFault) {
    var isBigEndian = isBigEndian
    if bytes.number(at: 0) == BlockType.section {
      let magic: UInt32 = bytes.number(at: 8)
      guard magic == Pcapng.byteOrderMagic || magic.byteSwapped == Pcapng.byteOrderMagic else {
        throw BlockFault("a section without a byte order: this is no pcapng file")
      }
      isBigEndian = magic != Pcapng.byteOrderMagic
    }
    type = bytes.number(at: 0, isBigEndian: isBigEndian)
    byteCount = bytes.number(at: 4, isBigEndian: isBigEndian)
    self.offset = offset
    self.isBigEndian = isBigEndian
  }

  /// Whether this is no header but zeros.
  var isZero: Bool { type == 0 && byteCount == 0 }

  /// Whether the block has something to say to us; others are skipped.
  var isKnown: Bool {
    switch type {
    case BlockType.section, BlockType.interface, BlockType.packet, BlockType.statistics: true
    case _: false
    }
  }
}
