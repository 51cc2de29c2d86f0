internal import Linux
internal import Virtqueue

/// The thread of one vring, as the control thread sees it.
///
/// Made when the vring is first started, ended with the session; between a stop and the next
/// start it sleeps.
final class QueueThread: Sendable {
  private let mailbox: Mailbox
  private let ended: Semaphore
  private let patience: Patience

  /// Starts the thread and waits until it has its reactor and the device's handler.
  ///
  /// - Throws: What kept it from having them.
  init(
    index: Int, device: any Device, engine: Reactor.Engine, patience: Patience,
    observer: @escaping SessionObserver
  ) throws(Errno) {
    let mailbox = try Mailbox()
    let ended = Semaphore()
    let ready = Semaphore()
    let failure = Handover<Errno>()
    _ = try Thread(name: "vring-\(index)") {
      do throws(Errno) {
        let loop = try QueueLoop(
          index: index, device: device, engine: engine, mailbox: mailbox, observer: observer)
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

  /// Calls `body` on the thread, between two requests, and waits for its end.
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

  /// Stops the vring and waits until everything taken from it has been returned.
  ///
  /// - Returns: The next available index.
  func stopVring() -> UInt16 {
    let drained = Semaphore()
    let nextAvailable = Handover<UInt16>()
    mailbox.post { loop in
      loop.stop { index in
        nextAvailable.put(index)
        drained.signal()
      }
    }
    patience.wait(for: drained)
    return nextAvailable.take() ?? 0
  }

  /// Ends the thread and waits for it; the vring must have been stopped.
  func end() {
    mailbox.post { $0.finish() }
    patience.wait(for: ended)
  }
}
