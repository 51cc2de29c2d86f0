/// Places of nodes, found by a hash: one of a shard's two indices.
///
/// Open addressing, one word an entry: 32 bits of the hash, which say where the entry belongs (its
/// *home*) and spare most looks into the slab, and the place. What the hash was made of is in the
/// slab, so whoever searches brings the comparison.
///
/// Among those who want one position the entry that is farther from home has it (Robin Hood
/// hashing). So all are about equally far, a search for what is not there ends as early as others,
/// and the table may be full to 85 %. With that and a size that need not be a power of two an entry
/// costs ten or eleven bytes.
struct NodeIndex: ~Copyable {
  /// 0 is an empty entry, for no node has the place 0.
  private var entries = WordTable(count: 0)
  /// How many are not empty.
  private(set) var count = 0
  /// How many there is room for.
  var capacity: Int { entries.count }

  /// The place with this hash that `isMatch` accepts.
  @inline(__always)
  func find(_ hash: UInt32, where isMatch: (UInt32) -> Bool) -> UInt32? {
    guard count > 0 else { return nil }
    var position = home(of: hash)
    var distance = 0
    // There always is an empty entry, so this ends.
    while entries[position] != 0 {
      let entry = entries[position]
      if Self.hash(entry) == hash {
        let place = UInt32(truncatingIfNeeded: entry)
        if isMatch(place) { return place }
      } else if self.distance(of: entry, at: position) < distance {
        return nil
      }
      position = next(position)
      distance += 1
    }
    return nil
  }

  /// Adds `place`, which is not in the index.
  mutating func insert(_ hash: UInt32, _ place: UInt32) {
    if (count + 1) * 20 > entries.count * 17 { resize(for: count + 1) }
    add(UInt64(hash) << 32 | UInt64(place))
    count += 1
  }

  /// Removes `place`, and nothing else with the same hash; does nothing if it is not there.
  mutating func remove(_ hash: UInt32, _ place: UInt32) {
    guard count > 0 else { return }
    let wanted = UInt64(hash) << 32 | UInt64(place)
    var position = home(of: hash)
    var distance = 0
    while entries[position] != wanted {
      let entry = entries[position]
      guard entry != 0, self.distance(of: entry, at: position) >= distance else { return }
      position = next(position)
      distance += 1
    }
    closeGap(at: position)
    count -= 1
    if count == 0 {
      entries = WordTable(count: 0)
    } else if count * 3 < entries.count, Self.capacity(for: count) < entries.count {
      resize(for: count)
    }
  }

  /// Moves what follows a removed entry one position nearer to its home.
  private mutating func closeGap(at position: Int) {
    var gap = position
    var following = next(gap)
    while entries[following] != 0, distance(of: entries[following], at: following) > 0 {
      entries[gap] = entries[following]
      gap = following
      following = next(gap)
    }
    entries[gap] = 0
  }

  private mutating func resize(for count: Int) {
    let old = exchange(&entries, with: WordTable(count: Self.capacity(for: count)))
    for position in 0..<old.count where old[position] != 0 { add(old[position]) }
  }

  /// The size of a table for `count` entries, which leaves room for more and for fewer.
  ///
  /// Whole pages but for the smallest, so that the heap is not left with what many tables had while
  /// they grew.
  private static func capacity(for count: Int) -> Int {
    let wanted = count * 3 / 2
    guard wanted > 32 else { return wanted <= 8 ? 8 : 32 }
    let page = WordTable.pageWordCount
    return (wanted + page - 1) / page * page
  }

  private mutating func add(_ entry: UInt64) {
    var entry = entry
    var position = home(of: Self.hash(entry))
    var distance = 0
    while entries[position] != 0 {
      let other = self.distance(of: entries[position], at: position)
      if other < distance {
        swap(&entries[position], &entry)
        distance = other
      }
      position = next(position)
      distance += 1
    }
    entries[position] = entry
  }

  private static func hash(_ entry: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: entry >> 32)
  }

  /// Where an entry with this hash is looked for first.
  private func home(of hash: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(entries.count)) >> 32)
  }

  /// How far an entry is from its home, going round.
  private func distance(of entry: UInt64, at position: Int) -> Int {
    let distance = position - home(of: Self.hash(entry))
    return distance < 0 ? distance + entries.count : distance
  }

  private func next(_ position: Int) -> Int {
    position + 1 == entries.count ? 0 : position + 1
  }
}
