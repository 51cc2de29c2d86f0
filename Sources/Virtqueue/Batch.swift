internal import Linux

/// How much is done for a queue before its neighbours have their turn, and a driver that sleeps is
/// called at the latest: enough to make both cheap, and so little that neither waits for long.
package struct Batch {
  /// Chains begun.
  package private(set) var count = 0
  private let start = TickCounter.now

  private static let mostChains = 64
  private static let mostMicroseconds: UInt64 = 30
  /// The clock is looked at after so many chains, of which `mostChains` is a multiple, for a look
  /// costs a fiftieth of a chain.
  private static let chainsPerTime = 4

  /// A batch that begins now.
  @inline(__always)
  package init() {}

  /// Counts a chain.
  ///
  /// - Parameter wasLong: Whether it may have taken a good part of the time.
  /// - Returns: Whether there may be another.
  @inline(__always)
  package mutating func goesOn(wasLong: Bool = false) -> Bool {
    count += 1
    guard wasLong || count % Self.chainsPerTime == 0 else { return true }
    return count < Self.mostChains
      && TickCounter.now &- start < TickCounter.ticks(microseconds: Self.mostMicroseconds)
  }
}
