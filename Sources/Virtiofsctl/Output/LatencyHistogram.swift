/// How long things took: counts by length, in memory that does not grow.
///
/// Log-linear: lengths below 64 ns are kept as they are, longer ones in 64 steps to each doubling,
/// so what is read back is wrong by at most 0.8 %. `record` costs a few nanoseconds where the
/// histogram is a local variable or an `inout` argument; a property of a class costs more.
struct LatencyHistogram: Equatable, Sendable {
  /// A range of lengths, for a histogram of text or a picture.
  struct Bucket: Equatable, Sendable {
    /// The shortest length in it, in nanoseconds.
    var lower: Int
    /// The first length that is too long for it.
    var upper: Int
    /// How many there were.
    var count: Int
  }

  private var counts = [UInt32](repeating: 0, count: slotCount)
  private var total: UInt64 = 0
  /// How many lengths were recorded.
  private(set) var count = 0
  /// The shortest, in nanoseconds; 0 if there is none.
  private(set) var min = 0
  /// The longest, in nanoseconds; 0 if there is none.
  private(set) var max = 0

  private static let stepBitCount = 6
  private static let slotCount = (63 - stepBitCount) << stepBitCount + 1 << stepBitCount

  /// A histogram of nothing.
  init() {}

  /// Adds a length; a negative one, from clocks that disagree, counts as none.
  @inline(__always)
  mutating func record(nanoseconds: Int) {
    let length = Swift.max(0, nanoseconds)
    let slot = Self.slot(of: length)
    // Four thousand million of one length are enough.
    counts[slot] = counts[slot] &+ (counts[slot] == .max ? 0 : 1)
    total &+= UInt64(length)
    if length > max { max = length }
    if count == 0 || length < min { min = length }
    count += 1
  }

  /// The arithmetic mean in nanoseconds; 0 if nothing was recorded.
  var mean: Double {
    count == 0 ? 0 : Double(total) / Double(count)
  }

  /// The length, in nanoseconds, that the part `fraction` of all does not exceed: 0.5 is the
  /// median; 0 if nothing was recorded.
  func quantile(_ fraction: Double) -> Double {
    guard count > 0 else { return 0 }
    let rank = Swift.max(1, Swift.min(count, Int((fraction * Double(count)).rounded(.up))))
    if rank == count { return Double(max) }
    var seen = 0
    for (slot, number) in counts.enumerated() where number > 0 {
      seen += Int(number)
      guard seen >= rank else { continue }
      let (lower, upper) = Self.range(of: slot)
      return Swift.min(Double(max), Swift.max(Double(min), (Double(lower) + Double(upper - 1)) / 2))
    }
    return Double(max)
  }

  /// The median, in nanoseconds.
  var p50: Double { quantile(0.5) }
  /// What one in a hundred exceeds, in nanoseconds.
  var p99: Double { quantile(0.99) }
  /// What one in a thousand exceeds, in nanoseconds.
  var p999: Double { quantile(0.999) }

  /// Adds all that `other` has.
  mutating func merge(_ other: LatencyHistogram) {
    guard other.count > 0 else { return }
    for slot in counts.indices {
      let (sum, overflows) = counts[slot].addingReportingOverflow(other.counts[slot])
      counts[slot] = overflows ? .max : sum
    }
    total &+= other.total
    min = count == 0 ? other.min : Swift.min(min, other.min)
    max = Swift.max(max, other.max)
    count += other.count
  }

  /// The counts from the shortest length to the longest, those of none in between included.
  ///
  /// - Parameter bucketsPerDoubling: 1, 2, 4 ... 64.
  func buckets(perDoubling bucketsPerDoubling: Int = 1) -> [Bucket] {
    precondition((1...64).contains(bucketsPerDoubling) && 64 % bucketsPerDoubling == 0)
    guard count > 0 else { return [] }
    let stepCount = 64 / bucketsPerDoubling
    let first = Self.slot(of: min) / stepCount
    let last = Self.slot(of: max) / stepCount
    return (first...last).map { index in
      let slots = index * stepCount..<(index + 1) * stepCount
      return Bucket(
        lower: Self.range(of: slots.lowerBound).lower,
        upper: Self.range(of: slots.upperBound - 1).upper,
        count: slots.reduce(0) { $0 + Int(counts[$1]) })
    }
  }

  @inline(__always)
  private static func slot(of length: Int) -> Int {
    let exponent = Int.bitWidth - 1 - (length | 63).leadingZeroBitCount
    let shift = Swift.max(0, exponent - stepBitCount)
    return (shift << stepBitCount) + length >> shift
  }

  private static func range(of slot: Int) -> (lower: Int, upper: Int) {
    let shift = Swift.max(0, slot >> stepBitCount - 1)
    let step = slot - shift << stepBitCount
    let (upper, overflows) = (step << shift).addingReportingOverflow(1 << shift)
    return (step << shift, overflows ? .max : upper)
  }
}
