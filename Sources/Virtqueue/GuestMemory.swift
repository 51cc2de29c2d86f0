package import Linux

/// The guest's memory at one moment: an immutable map from guest addresses to mappings.
///
/// A change of the memory table makes a new map. Who works with an old one holds on to it, and
/// with it to the mappings.
package final class GuestMemory: Sendable {
  /// Ordered by guest address, without overlaps.
  package let regions: [MemoryRegion]
  /// The same regions where they can be read without reference counts.
  let map: AddressMap

  /// A map of `regions`.
  ///
  /// - Throws: `EINVAL` if two of them overlap.
  package init(_ regions: [MemoryRegion]) throws(Errno) {
    let sorted = regions.sorted { $0.guestAddress < $1.guestAddress }
    for (index, region) in sorted.enumerated() {
      for other in sorted[(index + 1)...] where region.overlaps(other) {
        throw .invalidArgument
      }
    }
    self.regions = sorted
    map = AddressMap(sorted)
  }

  deinit {
    map.deallocate()
  }
}
