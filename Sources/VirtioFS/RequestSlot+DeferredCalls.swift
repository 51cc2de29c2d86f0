internal import FuseProtocol
internal import FuseServer
internal import Linux
internal import Virtqueue

/// How far a deferred call is, wherever it is being made.
extension RequestSlot {
  /// Where a call stands after a result of the kernel.
  enum Progress {
    case ended(Result<Int, Errno>)
    /// Some bytes are left: the same call again, further on.
    case unfinished
    case wouldBlock
  }

  /// Sets the chain's buffers up: the reply's header apart, the data cut to what the call moves.
  mutating func prepare(for call: DeferredCall) {
    self.call = call
    transferred = 0
    chain.writable.moveFirst(MemoryLayout<OutHeader>.size, to: &replyHeader)
    switch call {
    case .read(_, _, let byteCount): chain.writable.truncate(byteCount)
    case .write(_, let write): chain.readable.truncate(write.byteCount)
    case .sync, .allocate: break
    }
  }

  /// Notes that `count` more bytes have been moved.
  mutating func advance(_ count: Int) {
    transferred += count
    if case .read = call {
      chain.writable.drop(count)
    } else {
      chain.readable.drop(count)
    }
  }

  /// Judges one result of the kernel: a count, or a negative error number.
  mutating func progress(of call: DeferredCall, result: Int32) -> Progress {
    if result < 0 {
      let errno = Errno(rawValue: -result)
      if errno == .interrupted { return .unfinished }
      if errno == .again { return .wouldBlock }
      return failed(call, errno)
    }
    switch call {
    case .sync, .allocate:
      return .ended(.success(0))
    case .read:
      advance(min(Int(result), chain.writable.byteCount))
      // Only the end of the file makes a READ short: the guest would cut the file there.
      let isDone = result == 0 || chain.writable.byteCount == 0
      return isDone ? .ended(.success(transferred)) : .unfinished
    case .write:
      advance(min(Int(result), chain.readable.byteCount))
      let isDone = result == 0 || chain.readable.byteCount == 0
      return isDone ? .ended(.success(transferred)) : .unfinished
    }
  }

  /// A WRITE that fails later on has still written its first part; a READ has not ended well.
  private func failed(_ call: DeferredCall, _ errno: Errno) -> Progress {
    if case .write = call, transferred > 0 { return .ended(.success(transferred)) }
    return .ended(.failure(errno))
  }

  /// Makes the whole call, or what is left of it, on this thread, however long it takes.
  mutating func perform<Files: FileSystem>(
    _ call: DeferredCall, in files: Files
  ) -> Result<Int, Errno> {
    while true {
      do throws(Errno) {
        let count = try performOnce(call, in: files)
        if case .ended(let result) = progress(of: call, result: count) { return result }
      } catch {
        if case .ended(let result) = failed(call, error) { return result }
      }
    }
  }

  private borrowing func performOnce<Files: FileSystem>(
    _ call: DeferredCall, in files: Files
  ) throws(Errno) -> Int32 {
    let file = call.file.descriptor
    switch call {
    case .read(_, let offset, _):
      return Int32(try file.read(into: chain.writable, at: offset &+ UInt64(transferred)))
    case .write(_, let write) where write.killsSetID:
      return try files.withoutSetIDCapability { () throws(Errno) in try self.write(write, to: file)
      }
    case .write(_, let write):
      return try self.write(write, to: file)
    case .sync(_, let dataOnly):
      if dataOnly { try file.synchronizeData() } else { try file.synchronize() }
      return 0
    case .allocate(_, let allocate) where allocate.killsSetID:
      try files.withoutSetIDCapability { () throws(Errno) in
        try file.allocate(
          mode: allocate.mode, offset: allocate.offset, byteCount: allocate.byteCount)
      }
      return 0
    case .allocate(_, let allocate):
      try file.allocate(
        mode: allocate.mode, offset: allocate.offset, byteCount: allocate.byteCount)
      return 0
    }
  }

  private func write(_ call: WriteCall, to file: Descriptor) throws(Errno) -> Int32 {
    Int32(
      try file.write(
        chain.readable, at: call.offset &+ UInt64(transferred), flags: call.hostFlags))
  }

  /// Writes the reply to a deferred call that has ended into the chain.
  ///
  /// - Returns: Its length, the data of a READ included.
  mutating func writeReply(to result: Result<Int, Errno>, with reply: inout ReplyBuffer) -> UInt32 {
    guard let call else { preconditionFailure("a reply without a call") }
    let isRead = if case .read = call { true } else { false }
    let room = isRead ? transferred : chain.writable.byteCount
    reply.finish(unique: header.unique, call, result: result, limit: room)
    let byteCount = reply.bytes.byteCount
    if isRead {
      replyHeader.copyIn(reply.bytes)
      guard case .success(let count) = result else { return UInt32(byteCount) }
      return UInt32(byteCount + count)
    }
    // What follows the header stands in the first bytes of what `prepare` left.
    chain.writable.moveFirst(byteCount - MemoryLayout<OutHeader>.size, to: &replyHeader)
    replyHeader.copyIn(reply.bytes)
    return UInt32(byteCount)
  }
}
