/// A buffer of a chain, and who writes it.
package struct ChainSegment: Hashable, Sendable {
  /// Where it lies.
  package var buffer: GuestBuffer
  /// Whether the device writes it; otherwise the device reads it.
  package var isDeviceWritable: Bool

  /// A buffer that the device reads.
  package static func readable(_ buffer: GuestBuffer) -> ChainSegment {
    ChainSegment(buffer: buffer, isDeviceWritable: false)
  }

  /// A buffer that the device writes.
  package static func writable(_ buffer: GuestBuffer) -> ChainSegment {
    ChainSegment(buffer: buffer, isDeviceWritable: true)
  }

  /// The descriptor of it, without `next`.
  var descriptor: RingDescriptor {
    RingDescriptor(
      address: buffer.address.rawValue, byteCount: UInt32(truncatingIfNeeded: buffer.byteCount),
      flags: isDeviceWritable ? RingDescriptor.writeFlag : 0)
  }
}

/// How a chain's descriptors are laid out; the specification has the device take them all.
package enum ChainShape: Hashable, Sendable {
  /// As Linux does: a table of its own for two or more, if the feature is agreed on.
  case automatic
  /// All in the ring's table.
  case direct
  /// One descriptor of the ring's table, which refers to a table of its own.
  case indirect
  /// That many in the ring's table, then one that refers to a table with the rest.
  case mixed(direct: Int)
}
