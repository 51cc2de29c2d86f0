/// What stands in place of file data that a capture does not hold: a fixed function of the place.
///
/// `--prepare` writes it into files, and a WRITE whose data was cut carries it, so that a READ of
/// such bytes can be told from one that brings something else.
enum Filler {
  /// The byte at `offset` of a file.
  static func byte(at offset: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: word(offset / 8) >> (offset % 8 * 8))
  }

  /// `count` bytes from `offset` on.
  static func bytes(at offset: UInt64, count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(max(0, count))
    var position = offset
    while result.count < count {
      var rest = word(position / 8) >> (position % 8 * 8)
      var left = 8 - position % 8
      while left > 0, result.count < count {
        result.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
        left -= 1
        position &+= 1
      }
    }
    return result
  }

  /// Whether eight bytes, the first of them lowest, are an aligned group of the first 32 GiB.
  ///
  /// SplitMix64 can be undone; of all words one in four thousand million passes.
  static func isWord(_ word: UInt64) -> Bool {
    var z = word ^ word >> 31 ^ word >> 62
    z &*= 0x3196_42B2_D24D_8EC3
    z ^= z >> 27 ^ z >> 54
    z &*= 0x96DE_1B17_3F11_9089
    z ^= z >> 30 ^ z >> 60
    return z &* 0xF1DE_83E1_9937_733D &- 1 < 1 << 32
  }

  /// SplitMix64 of the index of an aligned group of eight bytes.
  private static func word(_ index: UInt64) -> UInt64 {
    var z = (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
