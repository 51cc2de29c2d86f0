internal import FuseProtocol
internal import Linux
internal import Trace
internal import Virtqueue

/// The records of a request and of its reply.
extension RequestSlot {
  /// Remembers the chain as it is: serving the request consumes its ranges one by one.
  @inline(__always)
  mutating func rememberChain() {
    recordedWritable.append(chain.writable)
    recordedReadableByteCount = chain.readable.byteCount
  }

  /// Records the request, before anything has been done with its data.
  ///
  /// What `load` refused is recorded as far as it was understood.
  @inline(__always)
  mutating func recordRequest(on lane: Lane) {
    serial = lane.recordRequest(
      head: chain.head, readableByteCount: UInt32(clamping: recordedReadableByteCount),
      writableByteCount: UInt32(clamping: recordedWritable.byteCount), message: message,
      data: chain.readable, dataByteCount: dataByteCount)
  }

  /// Records the reply, which stands in the chain.
  @inline(__always)
  borrowing func recordReply(written: UInt32, on lane: Lane) {
    let written = Int(written)
    // An error has no data: then the header is all that was written.
    let isRead = header.opcode == Opcode.read.rawValue
    let messageByteCount = isRead ? min(written, MemoryLayout<OutHeader>.size) : written
    lane.recordReply(
      serial: serial, head: chain.head, writtenByteCount: written, in: recordedWritable,
      messageByteCount: messageByteCount)
  }
}
