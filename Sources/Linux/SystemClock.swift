internal import CLinux

/// Time, as clock_gettime(2) tells it.
package enum SystemClock {
  /// Since some moment before the process: it does not go back (`CLOCK_MONOTONIC`).
  package static var now: Duration {
    let time = read(CLOCK_MONOTONIC)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// Nanoseconds since 1970 (`CLOCK_REALTIME`), which somebody may set forward and back.
  package static var nanosecondsSince1970: UInt64 {
    let time = read(CLOCK_REALTIME)
    return UInt64(truncatingIfNeeded: time.tv_sec &* 1_000_000_000 &+ time.tv_nsec)
  }

  /// The time that the kernel gave files last: `CLOCK_REALTIME` as of its clock's latest tick.
  package static var coarse: Timestamp {
    let time = read(CLOCK_REALTIME_COARSE)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }

  /// Reads which zone is the local one, from /etc: before that path may lead into the share.
  package static func learnTimeZone() {
    tzset()
  }

  /// The local time of day, `17:04:59`.
  package static var timeOfDay: String {
    var seconds = read(CLOCK_REALTIME).tv_sec
    // SAFETY: `tm` holds only numbers and a constant name of the zone, which is not used.
    var parts = unsafe tm()
    // SAFETY: both live across the call, which fills `parts`.
    guard unsafe localtime_r(&seconds, &parts) != nil else { return "" }
    // SAFETY: only numbers are read.
    let numbers = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec]
    return numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // SAFETY: `time` lives across the call, which fills it; these clocks always exist.
    unsafe clock_gettime(clock, &time)
    return time
  }
}
