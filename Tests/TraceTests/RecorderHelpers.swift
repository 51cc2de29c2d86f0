import Linux
import Synchronization
import TestSupport

@testable import Trace

/// Bytes at a fixed place, in one or several ranges, as a chain's buffers are.
@safe
final class Memory {
  private let start: UnsafeMutableRawPointer
  let vectors: IOVectors

  /// A copy of `bytes`, with a new range at each of `cuts`.
  init(_ bytes: [UInt8], cutAt cuts: [Int]) {
    // SAFETY: freed in `deinit`, after `vectors` has been used for the last time.
    let start = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
    for (offset, byte) in bytes.enumerated() {
      unsafe start.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }
    var vectors = IOVectors()
    let borders = [0] + cuts + [bytes.count]
    for (from, to) in zip(borders, borders.dropFirst()) where to > from {
      unsafe vectors.append(start + from, byteCount: to - from)
    }
    unsafe self.start = start
    self.vectors = vectors
  }

  deinit {
    unsafe start.deallocate()
  }
}

/// What a recorder has reported.
final class Troubles: Sendable {
  private let list = Mutex<[Recorder.Trouble]>([])

  var all: [Recorder.Trouble] {
    list.withLock { $0 }
  }

  func append(_ trouble: Recorder.Trouble) {
    list.withLock { $0.append(trouble) }
  }
}
