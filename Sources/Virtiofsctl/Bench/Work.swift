internal import Frontend

/// What came of a reply.
enum Outcome {
  /// The operation goes on with this request.
  case more(Int)
  /// The operation is done; so many units of what is counted.
  case done(Int)
  /// A background operation is done: begun anew, but neither counted nor timed.
  case background
  /// The server answered with an error that the workload does not expect.
  case failed(Int32)
  /// The data is not what the file holds.
  case wrongData(offset: Int)
}

/// The operations of one thread: what to send from a slot, and what to make of the reply.
///
/// Conforming types are structures: the loop is compiled for each, so that an operation costs no
/// allocation and no call through a table.
protocol Work {
  /// Begins an operation in a free slot: stores what changes and names the request to send.
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int

  /// Looks at a reply, which may carry an error.
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome

  /// Waits for what the operations left behind on other queues.
  mutating func settle() throws(FrontEndError)

  /// How many kicks those took since the round began; asked for after `settle`.
  var sideKickCount: Int { get }
}

extension Work {
  var sideKickCount: Int { 0 }

  mutating func settle() throws(FrontEndError) {}
}

/// xorshift64: cheap, and good enough to choose offsets.
struct CheapRandom {
  private var state: UInt64

  /// Any seed; 0 stands for another.
  init(seed: Int) {
    state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15 | 1
  }

  /// A number from 0 up to `bound`, which is below 2^32.
  @inline(__always)
  mutating func below(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(((state >> 32) &* UInt64(bound)) >> 32)
  }
}

/// What files hold: words that follow from where they stand, so that any of them can be checked.
enum Pattern {
  /// The word at `offset`, a multiple of 8, of the file or generation `seed`.
  @inline(__always)
  static func word(_ seed: Int, at offset: Int) -> UInt64 {
    (UInt64(truncatingIfNeeded: offset) ^ UInt64(truncatingIfNeeded: seed) << 40)
      &* 0x9e37_79b9_7f4a_7c15
  }

  /// The bytes from `offset` on.
  static func bytes(_ seed: Int, at offset: Int, count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for place in stride(from: offset, to: offset + count, by: 8) {
      result.append(wire: word(seed, at: place))
    }
    return result
  }
}

/// Names of eight bytes: a letter and seven hexadecimal digits, in one word as the wire has them.
enum BenchName {
  /// The name as the request carries it.
  @inline(__always)
  static func word(_ letter: Character, _ number: Int) -> UInt64 {
    var word = UInt64(letter.asciiValue ?? 0)
    var rest = number
    for place in (1...7).reversed() {
      let digit = UInt64(rest & 15)
      word |= (digit < 10 ? 0x30 + digit : 0x57 + digit) << UInt64(8 * place)
      rest >>= 4
    }
    return word
  }

  /// The same as text.
  static func text(_ letter: Character, _ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(letter) + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
  }
}
