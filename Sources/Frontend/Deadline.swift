/// A moment until which something is waited for; every wait of this module has one.
package struct Deadline: Sendable {
  private let moment: ContinuousClock.Instant

  /// The moment that is `duration` from now.
  package init(after duration: Duration) {
    moment = ContinuousClock.now + duration
  }

  /// A moment that has come: nothing is waited for.
  static var now: Deadline {
    Deadline(after: .zero)
  }

  /// Whether the moment has come.
  package var hasPassed: Bool {
    ContinuousClock.now >= moment
  }

  /// How long it is until then in milliseconds, rounded up, for `poll`.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = ContinuousClock.now.duration(to: moment).components
    guard seconds >= 0, attoseconds >= 0, (seconds, attoseconds) != (0, 0) else { return 0 }
    return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
  }
}
