internal import FuseProtocol
internal import FuseServer
internal import Linux
internal import Virtqueue

/// Calls with the request's own buffers: at once if they end at once, else through the ring, else
/// by a worker.
extension RequestQueue {
  func start(_ call: DeferredCall, _ number: SlotNumber, on queue: SplitQueue) {
    slots[number].prepare(for: call)
    // What is done already does not wait for a long copy.
    if call.copiedByteCount >= Self.leastLongCopy { queue.answer() }
    if let result = tryAtOnce(call, &slots[number]) { return finish(number, result, on: queue) }
    dispatcher.files.pin(call.file)
    pursue(call, number)
  }

  /// Gives the call, or what is left of it, to the ring, or to a worker.
  private func pursue(_ call: DeferredCall, _ number: SlotNumber) {
    guard reactor.hasRing, !call.needsThread, submit(call, number) else {
      return handToWorker(number)
    }
  }

  /// A copy from here on takes longer than publishing and calling once more.
  private static var leastLongCopy: Int { 128 << 10 }

  /// The longest READ that the queue's thread copies from the page cache, in bytes: a Linux guest's
  /// are no longer, and others must not keep their neighbours waiting.
  private static var mostAtOnce: Int { 4 << 20 }

  /// - Returns: The result, if the call could be made without waiting.
  private func tryAtOnce(
    _ call: DeferredCall, _ slot: inout RequestSlot
  ) -> Result<Int, Errno>? {
    guard case .read(let file, let offset, let byteCount) = call, byteCount <= Self.mostAtOnce
    else { return nil }
    return tryRead(file, at: offset, &slot)
  }

  /// Reads what is in the page cache.
  ///
  /// - Returns: Nil if some of it is not.
  private func tryRead(
    _ file: FileReference, at offset: UInt64, _ slot: inout RequestSlot
  ) -> Result<Int, Errno>? {
    guard file.allowsNoWaitReads, !file.isDirect else { return nil }
    while slot.chain.writable.byteCount > 0 {
      do throws(Errno) {
        let count = try file.descriptor.read(
          into: slot.chain.writable, at: offset &+ UInt64(slot.transferred),
          flags: ReadWriteFlags.noWait)
        if count == 0 { break }
        slot.advance(count)
      } catch .again {
        return nil
      } catch .notSupported {
        dispatcher.files.refusesNoWait(file)
        return nil
      } catch {
        return .failure(error)
      }
    }
    return .success(slot.transferred)
  }

  /// Gives the rest of the call to the kernel.
  ///
  /// - Returns: False if the kernel takes no more at the moment.
  private func submit(_ call: DeferredCall, _ number: SlotNumber) -> Bool {
    let descriptor = call.file.descriptor
    return switch call {
    case .read(_, let offset, _):
      reactor.read(
        descriptor, into: slots[number].chain.writable,
        at: offset &+ UInt64(slots[number].transferred), tag: tag(number))
    case .write(_, let write):
      reactor.write(
        descriptor, slots[number].chain.readable,
        at: write.offset &+ UInt64(slots[number].transferred), flags: write.hostFlags,
        tag: tag(number))
    case .sync(_, let dataOnly):
      reactor.sync(descriptor, dataOnly: dataOnly, tag: tag(number))
    case .allocate(_, let call):
      reactor.allocate(
        descriptor, mode: call.mode, offset: call.offset, byteCount: call.byteCount,
        tag: tag(number))
    }
  }

  /// The kernel has ended a call: answers it, or gives it back if it is not complete.
  func `continue`(_ number: SlotNumber, result: Int32, on queue: SplitQueue) {
    guard let call = slots[number].call else {
      preconditionFailure("a completion without a call")
    }
    switch slots[number].progress(of: call, result: result) {
    case .ended(let result):
      dispatcher.files.unpin(call.file)
      finish(number, result, on: queue)
    case .unfinished:
      pursue(call, number)
    case .wouldBlock:
      // The ring gave up where a plain call waits.
      handToWorker(number)
    }
  }

  private func finish(_ number: SlotNumber, _ result: Result<Int, Errno>, on queue: SplitQueue) {
    complete(number, written: slots[number].writeReply(to: result, with: &reply), on: queue)
  }
}

extension DeferredCall {
  /// The file that the call works on.
  var file: FileReference {
    switch self {
    case .read(let file, _, _), .write(let file, _), .sync(let file, _),
      .allocate(let file, _):
      file
    }
  }

  /// How many bytes the thread that makes the call copies, if it does not go past the page cache.
  fileprivate var copiedByteCount: Int {
    switch self {
    case .read(_, _, let byteCount): byteCount
    case .write(_, let write): write.byteCount
    case .sync, .allocate: 0
    }
  }

  /// Whether the call depends on the capabilities of the thread that makes it.
  fileprivate var needsThread: Bool {
    switch self {
    case .write(_, let write): write.killsSetID
    case .allocate(_, let allocate): allocate.killsSetID
    case .read, .sync: false
    }
  }
}

extension WriteCall {
  /// The flags for `pwritev2`.
  var hostFlags: Int32 {
    syncFlags | (appends ? ReadWriteFlags.append : 0)
  }
}
