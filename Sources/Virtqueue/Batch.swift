internal import Linux

/// How much is done for a queue before its answers are published and its neighbours have their
/// turn: enough to make publishing cheap, and so little that an answer need not wait for long
/// copies behind it.
package struct Batch {
  /// Chains begun.
  package private(set) var count = 0
  private let start = TickCounter.now

  private static let mostChains = 64
  private static let mostMicroseconds: UInt64 = 30
  /// The clock is looked at only so often, for that costs as much as a fiftieth of a chain.
  private static let chainsPerTime = 4

  /// A batch that begins now.
  @inline(__always)
  package init() {}

  /// Counts a chain.
  ///
  /// - Returns: Whether there may be another.
  @inline(__always)
  package mutating func goesOn() -> Bool {
    count += 1
    guard count % Self.chainsPerTime == 0 else { return true }
    return count < Self.mostChains
      && TickCounter.now &- start < TickCounter.ticks(microseconds: Self.mostMicroseconds)
  }
}
