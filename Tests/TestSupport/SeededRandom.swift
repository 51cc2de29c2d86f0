/// A generator whose whole sequence follows from its seed, so that a failure can be run again.
///
/// SplitMix64: every seed, 0 too, gives a good sequence.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  /// What to print when a test fails.
  package let seed: UInt64
  private var state: UInt64

  package init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A generator with a seed of the environment variable `TEST_SEED`, or a new one.
  package init() {
    if let text = environmentVariable("TEST_SEED"), let seed = UInt64(text) {
      self.init(seed: seed)
    } else {
      self.init(seed: UInt64.random(in: 0 ... .max))
    }
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension SeededRandom {
  /// Whether something that happens once in `n` times happens now.
  package mutating func oneIn(_ n: Int) -> Bool {
    Int.random(in: 0..<n, using: &self) == 0
  }

  /// `count` bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count + 8)
    while result.count < count {
      var word = next()
      for _ in 0..<8 {
        result.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    result.removeLast(result.count - count)
    return result
  }
}
