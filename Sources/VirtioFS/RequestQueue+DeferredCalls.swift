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
    wasLongCopy = call.copiedByteCount >= Self.leastLongCopy
    if wasLongCopy { queue.answer() }
    if let result = tryAtOnce(call, &slots[number]) { return finish(number, result, on: queue) }
    dispatcher.files.pin(call.file)
    pursue(call, number)
  }

  /// Gives the call, or what is left of it, to the ring, or to a worker.
  private func pursue(_ call: DeferredCall, _ number: SlotNumber) {
    let copied = call.copiedByteCount
    guard reactor.hasRing, !call.needsThread, copied <= Self.mostAtOnce, submit(call, number)
    else { return handToWorker(number) }
    if case .write = call { givenByteCount += copied }
  }

  /// A copy from here on takes longer than publishing and calling once more.
  private static var leastLongCopy: Int { 128 << 10 }

  /// - Returns: The result, if the call could be made without waiting.
  private func tryAtOnce(
    _ call: DeferredCall, _ slot: inout RequestSlot
  ) -> Result<Int, Errno>? {
    switch call {
    case .read(let file, let offset, let byteCount):
      guard byteCount <= Self.mostAtOnce, let flags = file.readsAtOnce.flags else { return nil }
      return tryRead(file, at: offset, flags, &slot)
    case .write(let file, let write):
      guard write.mayEndInMemory, write.byteCount <= Self.mostAtOnce,
        let flags = file.writesAtOnce.flags
      else { return nil }
      return tryWrite(file, at: write.offset, flags, &slot)
    case .sync, .allocate:
      return nil
    }
  }

  /// The longest READ or WRITE that the queue's thread copies, itself or while it gives it to the
  /// ring, in bytes: a Linux guest's are no longer, and others must not keep their neighbours
  /// waiting. They may be long, because a chain can name the same memory again and again.
  private static var mostAtOnce: Int { 4 << 20 }

  /// Reads what is in the page cache.
  ///
  /// - Returns: Nil if some of it is not.
  private func tryRead(
    _ file: FileReference, at offset: UInt64, _ flags: Int32, _ slot: inout RequestSlot
  ) -> Result<Int, Errno>? {
    while slot.chain.writable.byteCount > 0 {
      do throws(Errno) {
        let count = try file.descriptor.read(
          into: slot.chain.writable, at: offset &+ UInt64(slot.transferred), flags: flags)
        if count == 0 { break }
        slot.advance(count)
      } catch .again {
        return nil
      } catch .notSupported where flags != 0 {
        guard let flags = dispatcher.files.refusesNoWait(file, .read).flags else { return nil }
        return tryRead(file, at: offset, flags, &slot)
      } catch {
        return .failure(error)
      }
    }
    return .success(slot.transferred)
  }

  /// Writes into the page cache.
  ///
  /// - Returns: Nil if that would wait.
  private func tryWrite(
    _ file: FileReference, at offset: UInt64, _ flags: Int32, _ slot: inout RequestSlot
  ) -> Result<Int, Errno>? {
    while slot.chain.readable.byteCount > 0 {
      do throws(Errno) {
        let start = waits.begin(sleepCount: reactor.sleepCount)
        let count = try file.descriptor.write(
          slot.chain.readable, at: offset &+ UInt64(slot.transferred), flags: flags)
        if waits.hasWaited(since: start) { dispatcher.files.hasWaited(for: file) }
        if count == 0 { break }
        slot.advance(count)
      } catch .again {
        return nil
      } catch .notSupported where flags != 0 {
        guard let flags = dispatcher.files.refusesNoWait(file, .write).flags else { return nil }
        return tryWrite(file, at: offset, flags, &slot)
      } catch {
        // What has been written before that is the answer; the error comes with the rest.
        return slot.transferred > 0 ? .success(slot.transferred) : .failure(error)
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

  /// Whether the call depends on the capabilities of the thread that makes it, or may last for
  /// ever: the kernel's own threads for the ring are few, and others' calls wait for them.
  fileprivate var needsThread: Bool {
    switch self {
    case .write(let file, let write): write.killsSetID || file.isRemote
    case .allocate(let file, let allocate): allocate.killsSetID || file.isRemote
    case .read(let file, _, _), .sync(let file, _): file.isRemote
    }
  }
}

extension WriteCall {
  /// Whether the call is done when the data is in the page cache, where it says.
  fileprivate var mayEndInMemory: Bool {
    !appends && syncFlags == 0 && !killsSetID
  }

  /// The flags for `pwritev2`.
  var hostFlags: Int32 {
    syncFlags | (appends ? ReadWriteFlags.append : 0)
  }
}
