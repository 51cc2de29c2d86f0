package import FuseProtocol
internal import Synchronization

/// What lies between INIT and DESTROY, as all threads that serve one client see it.
///
/// Reading it is a load or two; it changes only in INIT, DESTROY and when the device is reset.
package final class Session: Sendable {
  private let established = Atomic<Bool>(false)
  private let agreedFlags = Atomic<UInt64>(0)
  private let agreedMinor = Atomic<UInt32>(0)
  /// Held while a session begins or ends, so that one thread's INIT cannot meet another's.
  private let transition = Mutex<Void>(())
  /// The kinds of malformed requests seen so far.
  private let seen = Mutex<Set<MalformedRequest>>([])
  private let malformed = Atomic<Int>(0)
  private let report: @Sendable (MalformedRequest) -> Void

  /// A session that INIT has not begun yet.
  ///
  /// - Parameter report: Called for the first malformed request of each kind, on the thread that
  ///   serves it.
  package init(report: @escaping @Sendable (MalformedRequest) -> Void = { _ in }) {
    self.report = report
  }

  /// Whether INIT has been and DESTROY has not.
  package var isEstablished: Bool {
    established.load(ordering: .acquiring)
  }

  /// The flags that both sides have; none outside a session.
  package var flags: InitFlags {
    InitFlags(rawValue: agreedFlags.load(ordering: .relaxed))
  }

  /// The lower of the two minor versions; 0 outside a session.
  package var minor: UInt32 {
    agreedMinor.load(ordering: .relaxed)
  }

  /// How many malformed requests there have been.
  package var malformedCount: Int {
    malformed.load(ordering: .relaxed)
  }

  /// Begins a session; one that is still there ends thereby.
  ///
  /// - Parameter prepare: Called in between, when no thread accepts another request.
  package func begin(_ agreement: Agreement, _ prepare: () -> Void) {
    transition.withLock { _ in
      close()
      prepare()
      agreedFlags.store(agreement.flags.rawValue, ordering: .relaxed)
      agreedMinor.store(agreement.minor, ordering: .relaxed)
      established.store(true, ordering: .releasing)
    }
  }

  /// Ends the session: requests are refused until another INIT.
  ///
  /// - Parameter cleanUp: Called afterwards.
  package func end(_ cleanUp: () -> Void) {
    transition.withLock { _ in
      close()
      cleanUp()
    }
  }

  /// Counts a malformed request, and reports it if it is the first of its kind.
  package func count(_ kind: MalformedRequest) {
    malformed.wrappingAdd(1, ordering: .relaxed)
    if seen.withLock({ $0.insert(kind).inserted }) { report(kind) }
  }

  private func close() {
    established.store(false, ordering: .releasing)
    agreedFlags.store(0, ordering: .relaxed)
    agreedMinor.store(0, ordering: .relaxed)
  }
}
