internal import FuseProtocol
internal import Linux

/// The records of one directory as this thread read them while its names did not change, so that
/// nothing is asked for them when they are listed again.
///
/// What `Steadiness` says of names holds for the records as well: if a later look finds the
/// directory's change time to be the same, they are what the directory has at that moment, in the
/// order and with the offsets that reading it again would give. They count as long as the first
/// look does, and only with a look of their own after each use (`NodeTable.confirm`).
struct DirectoryListing: ~Copyable {
  private var directory = NodeID(rawValue: 0)
  /// `Steadiness.since`, which no two first looks have in common.
  private var since: UInt64 = 0
  /// From the directory's beginning on.
  private var records = DirectoryRecords()
  /// The offset behind the last record.
  private var endOffset: UInt64 = 0
  /// Whether nothing comes after them.
  private(set) var isWhole = false
  /// Where the listing was left: an offset, and the place of the record that follows it.
  private var leftOffset: UInt64 = 0
  private var leftPlace = 0

  /// The most that is kept for a thread, in bytes; what is beyond is read anew each time.
  private static let mostByteCount = 1 << 20

  /// Makes this the listing of `directory`, and forgets what was read before the first look.
  mutating func begin(_ directory: NodeID, _ steadiness: Steadiness) {
    guard self.directory != directory || since != steadiness.since else { return }
    self.directory = directory
    since = steadiness.since
    records.removeAll()
    (endOffset, leftOffset, leftPlace) = (0, 0, 0)
    isWhole = false
  }

  /// The place of the record after `offset`, if that is the beginning or where the listing was
  /// left, and there are such records, or it is known that there are none.
  func place(after offset: UInt64) -> Int? {
    guard records.byteCount > 0 else { return nil }
    if offset == 0 { return 0 }
    return offset == leftOffset && (isWhole || leftPlace < records.byteCount) ? leftPlace : nil
  }

  /// The records from `place` on.
  @_lifetime(borrow self)
  func entries(from place: Int) -> DirectoryEntries {
    records.entries(from: place)
  }

  /// Notes that the next record to be told is the one at `place`, after `offset`.
  mutating func leave(at place: Int, _ offset: UInt64) {
    (leftPlace, leftOffset) = (place, offset)
  }

  /// Keeps what `buffer` was filled with, if it begins where the records end.
  mutating func keep(_ buffer: borrowing DirectoryBuffer, from offset: UInt64) {
    guard offset == endOffset, !isWhole, records.byteCount < Self.mostByteCount else { return }
    var entries = buffer.entries
    var last: UInt64?
    while let entry = entries.next() { last = entry.nextOffset }
    guard let last else {
      isWhole = true
      return
    }
    records.append(buffer)
    endOffset = last
    leave(at: records.byteCount, last)
  }
}
