internal import Linux
internal import Synchronization

/// How long the control thread waits for a vring's thread: for ever while the front-end is there,
/// and a little longer once it has left or the daemon is to stop.
///
/// A request that the host never answers, on a dead network share say, must not keep the daemon.
final class Patience: Sendable {
  private let stop: Descriptor?
  private let abandon: @Sendable () -> Never
  /// The session is ending, for whatever reason.
  private let isLeaving = Atomic(false)

  /// How often a waiting thread looks up, in milliseconds.
  private static let interval = 100
  /// How many times it does so before it gives up: five seconds.
  private static let most = 50

  /// - Parameters:
  ///   - stop: Readable when the daemon is to stop.
  ///   - abandon: Ends the process, with requests still being served.
  init(stop: Descriptor?, abandon: @escaping @Sendable () -> Never) {
    self.stop = stop
    self.abandon = abandon
  }

  /// From now on waits are short.
  func leave() {
    isLeaving.store(true, ordering: .relaxed)
  }

  /// Waits for `semaphore`.
  func wait(for semaphore: Semaphore) {
    var count = 0
    while !semaphore.wait(milliseconds: Self.interval) {
      guard isLeaving.load(ordering: .relaxed) || isToStop else { continue }
      count += 1
      if count == Self.most { abandon() }
    }
  }

  private var isToStop: Bool {
    guard let stop else { return false }
    return (try? Descriptor.pollInput([stop], milliseconds: 0)) != 0
  }
}
