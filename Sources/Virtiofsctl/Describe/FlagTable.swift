/// The names of the bits of a field of flags.
struct FlagTable: Sendable {
  /// Bits and what they are called; masks of several bits before those that they consist of.
  let names: [(bits: UInt64, name: String)]

  /// The table of names that belong to the bits from 0 on; empty for those without a name.
  init(fromBitZero names: [String]) {
    self.names = names.enumerated().compactMap { index, name in
      name.isEmpty ? nil : (1 << UInt64(index), name)
    }
  }

  /// The table of these names.
  init(_ names: [(bits: UInt64, name: String)]) {
    self.names = names
  }

  /// The names of the bits that are set; those without a name together as a number.
  func names(of bits: UInt64) -> [String] {
    var rest = bits
    var result: [String] = []
    for (mask, name) in names where rest & mask == mask {
      result.append(name)
      rest &= ~mask
    }
    if rest != 0 { result.append("0x" + String(rest, radix: 16)) }
    return result
  }
}

extension FlagTable {
  /// The names of the flags of `open`: the access mode, which is a number, and the bits.
  static func openFlagNames(_ flags: UInt32) -> [String] {
    let modes = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"]
    return [modes[Int(flags & 3)]] + open.names(of: UInt64(flags & ~3))
  }

  /// `SEEK_*`, `F_*LCK` and the like: a number's name, or the number.
  static func name(_ number: UInt32, of names: [String]) -> String {
    number < names.count ? names[Int(number)] : String(number)
  }
}
