/// A lane as its vring's thread has it at hand: reaching it counts no references, which would wait
/// for everything that was stored before.
@safe
package struct LaneReference {
  // SAFETY: who makes one keeps the lane, or the recorder, which keeps its lanes.
  private let lane: Unmanaged<Lane>

  /// Refers to `lane`, which the caller keeps as long as it uses this.
  package init(_ lane: Lane) {
    // SAFETY: nothing is read here; the caller keeps the lane.
    unsafe self.lane = .passUnretained(lane)
  }

  /// Calls `body` with the lane.
  @inline(__always)
  package func use<R>(_ body: (Lane) -> R) -> R {
    // SAFETY: the lane is kept, see `init`.
    unsafe lane._withUnsafeGuaranteedRef(body)
  }
}
