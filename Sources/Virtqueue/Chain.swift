package import Linux

/// The buffers of one request, resolved to memory: first what the device reads, then what it
/// writes.
package struct Chain: ~Copyable {
  /// The index that names the chain in the used ring.
  package internal(set) var head: UInt16 = 0
  /// Which of the memory tables in the queue's life the buffers were resolved with.
  package internal(set) var memoryGeneration: UInt32 = 0
  /// Whether a device-writable descriptor has been seen, be it empty.
  var hasWritable = false
  package var readable = IOVectors()
  package var writable = IOVectors()

  package init() {}

  /// Makes the value ready for the next chain.
  @inline(__always)
  package mutating func removeAll() {
    readable.removeAll()
    writable.removeAll()
    hasWritable = false
  }
}
