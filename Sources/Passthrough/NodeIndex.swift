/// Places of nodes, found by a hash: one of a shard's two indices.
///
/// Open addressing with linear probing. An entry is one word: 32 bits of the hash, which say where
/// the entry belongs and spare most looks into the slab, and the place. What the hash was made of
/// is in the slab, so whoever searches brings the comparison.
struct NodeIndex {
  /// A power of two of them, or none; 0 is an empty one, for no node has the place 0.
  private var entries: [UInt64] = []
  /// How many are not empty.
  private(set) var count = 0

  private static var smallestCapacity: Int { 8 }

  /// The place with this hash that `isMatch` accepts.
  @inline(__always)
  func find(_ hash: UInt32, where isMatch: (UInt32) -> Bool) -> UInt32? {
    guard !entries.isEmpty else { return nil }
    let mask = entries.count - 1
    var position = Int(hash) & mask
    // There always is an empty entry, so this ends.
    while entries[position] != 0 {
      let entry = entries[position]
      let place = UInt32(truncatingIfNeeded: entry)
      if UInt32(truncatingIfNeeded: entry >> 32) == hash, isMatch(place) { return place }
      position = (position + 1) & mask
    }
    return nil
  }

  /// Adds `place`, which is not in the index.
  mutating func insert(_ hash: UInt32, _ place: UInt32) {
    if (count + 1) * 4 > entries.count * 3 {
      resize(to: max(entries.count * 2, Self.smallestCapacity))
    }
    add(UInt64(hash) << 32 | UInt64(place))
    count += 1
  }

  /// Removes `place`, and nothing else with the same hash; does nothing if it is not there.
  mutating func remove(_ hash: UInt32, _ place: UInt32) {
    guard !entries.isEmpty else { return }
    let mask = entries.count - 1
    let wanted = UInt64(hash) << 32 | UInt64(place)
    var position = Int(hash) & mask
    while entries[position] != wanted {
      guard entries[position] != 0 else { return }
      position = (position + 1) & mask
    }
    closeGap(at: position)
    count -= 1
    if entries.count > Self.smallestCapacity, count * 8 < entries.count {
      resize(to: entries.count / 2)
    } else if count == 0 {
      entries = []
    }
  }

  /// Moves up what follows a removed entry, so that no search stops too early.
  private mutating func closeGap(at position: Int) {
    let mask = entries.count - 1
    var gap = position
    var next = (gap + 1) & mask
    while entries[next] != 0 {
      let home = Int(truncatingIfNeeded: entries[next] >> 32) & mask
      // The entry may move to the gap if that is not before its home, going round.
      if (next &- home) & mask >= (next &- gap) & mask {
        entries[gap] = entries[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    entries[gap] = 0
  }

  private mutating func resize(to capacity: Int) {
    let old = entries
    entries = [UInt64](repeating: 0, count: capacity)
    for entry in old where entry != 0 { add(entry) }
  }

  private mutating func add(_ entry: UInt64) {
    let mask = entries.count - 1
    var position = Int(truncatingIfNeeded: entry >> 32) & mask
    while entries[position] != 0 { position = (position + 1) & mask }
    entries[position] = entry
  }
}
