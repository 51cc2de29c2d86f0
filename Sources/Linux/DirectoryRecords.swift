/// Records of a directory, one behind the other, kept from what buffers were filled with.
package struct DirectoryRecords: ~Copyable {
  private var bytes: [UInt8] = []
  /// Memory up to this is kept for the next records.
  private static let keptByteCount = 64 << 10

  /// No records.
  package init() {}

  /// How long the records are.
  package var byteCount: Int { bytes.count }

  /// Forgets all records.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptByteCount)
  }

  /// Adds the records that `buffer` was filled with last.
  package mutating func append(_ buffer: borrowing DirectoryBuffer) {
    // SAFETY: the bytes are copied during the call.
    unsafe buffer.bytes.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  /// The records from the one that begins at `place` on, as `DirectoryEntries.place` tells it.
  @_lifetime(borrow self)
  package func entries(from place: Int) -> DirectoryEntries {
    let all = bytes.rawBytes
    return DirectoryEntries(
      all.extracting(droppingFirst: min(max(place, 0), all.byteCount)), at: place)
  }
}
