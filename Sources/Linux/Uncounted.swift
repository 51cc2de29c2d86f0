/// A reference to an object that somebody else keeps: to use the object counts no references, which
/// would wait for everything that was stored before.
///
/// For what a thread does all the time.
@safe
package struct Uncounted<Object: AnyObject> {
  // SAFETY: who makes one answers for the object's life.
  private let reference: Unmanaged<Object>

  /// Refers to `object`, which the caller keeps as long as this is used.
  @inline(__always)
  package init(_ object: Object) {
    // SAFETY: nothing is read here; the caller keeps the object.
    unsafe reference = .passUnretained(object)
  }

  /// Calls `body` with the object.
  @inline(__always)
  package func use<R>(_ body: (Object) -> R) -> R {
    // SAFETY: the object is kept, see `init`.
    unsafe reference._withUnsafeGuaranteedRef(body)
  }
}
