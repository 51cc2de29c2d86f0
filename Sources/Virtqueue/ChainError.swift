/// What a driver must not do; the vring that saw it is broken until it is set up anew.
package enum ChainError: Error, Hashable, Sendable {
  /// The available index ran ahead of the ring by more than its size.
  case availableIndex(UInt16)
  /// A head or a `next` points outside its table.
  case indexOutOfRange(UInt16)
  /// More descriptors than the queue has: a loop, or a chain that the specification forbids.
  case tooLong
  /// An indirect descriptor without the feature, with `next`, or inside an indirect table.
  case misplacedIndirect
  /// An indirect table whose length is no multiple of 16, 0, or more than the queue's size.
  case indirectTableSize(UInt32)
  /// A device-readable descriptor after a device-writable one.
  case readableAfterWritable
  /// Memory that the front-end has not given us.
  case unmapped(address: UInt64)
  /// More chains taken than the queue has descriptors: a head was made available twice.
  case tooManyInFlight
}

extension ChainError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .availableIndex(let index): "the available index \(index) is beyond the queue's size"
    case .indexOutOfRange(let index): "the descriptor index \(index) is outside its table"
    case .tooLong: "a chain is longer than the queue"
    case .misplacedIndirect: "an indirect descriptor stands where it must not"
    case .indirectTableSize(let size): "an indirect table has the size \(size)"
    case .readableAfterWritable: "a device-readable descriptor follows a device-writable one"
    case .unmapped(let address):
      "the guest address 0x\(String(address, radix: 16)) is not in the memory table"
    case .tooManyInFlight: "more chains are available than the queue has descriptors"
    }
  }
}
