internal import Linux
internal import Virtqueue

/// A thread that serves one vring or several, as the control thread sees it.
///
/// Made when the first of its vrings is first started, ended with the session; when none runs it
/// sleeps.
final class QueueThread: Sendable {
  private let mailbox: Mailbox
  private let ended: Semaphore
  private let patience: Patience

  /// Starts the thread and waits until it has its reactor and the device's service.
  ///
  /// - Parameter number: For the thread's name.
  /// - Throws: What kept it from having them.
  init(
    number: Int, device: any Device, settings: QueueSettings, patience: Patience,
    observer: @escaping SessionObserver
  ) throws(Errno) {
    let mailbox = try Mailbox()
    let ended = Semaphore()
    let ready = Semaphore()
    let failure = Handover<Errno>()
    _ = try Thread(name: "queue-\(number)") {
      do throws(Errno) {
        let loop = try QueueLoop(
          device: device, settings: settings, mailbox: mailbox, observer: observer)
        ready.signal()
        loop.run()
      } catch {
        failure.put(error)
        ready.signal()
      }
      ended.signal()
    }
    ready.wait()
    if let errno = failure.take() { throw errno }
    self.mailbox = mailbox
    self.ended = ended
    self.patience = patience
  }

  /// Calls `body` on the thread, between two batches, and waits for its end.
  func perform(
    _ body: @escaping @Sendable (QueueLoop) throws(Errno) -> Void
  ) throws(Errno) {
    let done = Semaphore()
    let failure = Handover<Errno>()
    mailbox.post { loop in
      do throws(Errno) { try body(loop) } catch { failure.put(error) }
      done.signal()
    }
    patience.wait(for: done)
    if let errno = failure.take() { throw errno }
  }

  /// Calls `body` with the vring `index`, if it runs, as `perform` does.
  func perform(
    on index: Int, _ body: @escaping @Sendable (ServedVring) throws(Errno) -> Void
  ) throws(Errno) {
    try perform { (loop) throws(Errno) in
      if let vring = loop.vring(index) { try body(vring) }
    }
  }

  /// Stops the vring `index` and waits until everything taken from it has been returned.
  ///
  /// - Returns: The next available index; nil if the vring does not run.
  func stopVring(_ index: Int) -> UInt16? {
    let drained = Semaphore()
    let nextAvailable = Handover<UInt16>()
    mailbox.post { loop in
      guard let vring = loop.vring(index) else { return drained.signal() }
      vring.stop { index in
        nextAvailable.put(index)
        drained.signal()
      }
    }
    patience.wait(for: drained)
    return nextAvailable.take()
  }

  /// Ends the thread and waits for it; its vrings must have been stopped.
  func end() {
    mailbox.post { $0.finish() }
    patience.wait(for: ended)
  }
}
