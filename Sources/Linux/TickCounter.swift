internal import CLinux

/// The processor's own counter: for short times that only have to be about right, because reading
/// it costs a few nanoseconds and no fence.
package enum TickCounter {
  /// The counter now; it wraps.
  @inline(__always)
  package static var now: UInt64 { swift_ticks() }

  /// About how many ticks `microseconds` are: right to within a third.
  @inline(__always)
  package static func ticks(microseconds: UInt64) -> UInt64 {
    microseconds &* swift_ticks_per_microsecond()
  }
}
