/// Which parts of a file still hold what was in files before the session, and from where.
///
/// The rest has been written since, or is known. Sorted, without overlaps; neighbours that go on
/// from one another are one.
struct Extents: Equatable, Sendable {
  /// A part of the file, and where its bytes were.
  struct Extent: Equatable, Sendable {
    var start: UInt64
    /// Behind its last byte.
    var end: UInt64
    /// The file in which the bytes were.
    var file: Int
    /// Where they began there.
    var origin: UInt64
  }

  private(set) var all: [Extent] = []

  /// Nothing.
  init() {}

  /// All of a file of `byteCount` bytes, as it was.
  init(file: Int, byteCount: UInt64) {
    if byteCount > 0 { all = [Extent(start: 0, end: byteCount, file: file, origin: 0)] }
  }

  /// The parts inside of `range`, cut to it.
  func overlapping(_ range: Range<UInt64>) -> [Extent] {
    guard !range.isEmpty else { return [] }
    var result: [Extent] = []
    var index = firstIndex(endingAfter: range.lowerBound)
    while index < all.count, all[index].start < range.upperBound {
      result.append(Self.cut(all[index], to: range))
      index += 1
    }
    return result
  }

  /// Forgets what is in `range`: it has been overwritten, or learned.
  mutating func remove(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    let first = firstIndex(endingAfter: range.lowerBound)
    var last = first
    var kept: [Extent] = []
    while last < all.count, all[last].start < range.upperBound {
      let extent = all[last]
      if extent.start < range.lowerBound {
        kept.append(Self.cut(extent, to: extent.start..<range.lowerBound))
      }
      if extent.end > range.upperBound {
        kept.append(Self.cut(extent, to: range.upperBound..<extent.end))
      }
      last += 1
    }
    guard last > first else { return }
    all.replaceSubrange(first..<last, with: kept)
  }

  /// Puts copies of other parts in place of what is in `range`.
  ///
  /// - Parameter distance: How far the parts move, modulo 2^64.
  mutating func replace(_ range: Range<UInt64>, with parts: [Extent], movedBy distance: UInt64) {
    remove(range)
    let index = firstIndex(endingAfter: range.lowerBound)
    let moved = parts.map { part in
      Extent(
        start: part.start &+ distance, end: part.end &+ distance, file: part.file,
        origin: part.origin)
    }
    all.insert(contentsOf: moved, at: index)
  }

  private func firstIndex(endingAfter offset: UInt64) -> Int {
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].end > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func cut(_ extent: Extent, to range: Range<UInt64>) -> Extent {
    let start = max(extent.start, range.lowerBound)
    return Extent(
      start: start, end: min(extent.end, range.upperBound), file: extent.file,
      origin: extent.origin + (start - extent.start))
  }
}
