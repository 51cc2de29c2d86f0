internal import Linux
internal import Synchronization

/// The room on the disk that a growing capture has beyond its end.
///
/// It is had in large pieces: that a file system looks for it block by block, as blocks are
/// written, costs more than copying what is written. The file's length does not tell of it, and
/// what is left at the end is given back. Used by the recorder's thread only.
final class CaptureSpace: Sendable {
  /// Open as long as the capture's file is, whose owner has this too.
  private let file: Descriptor
  /// How long the file is, and how far it has room; 0 if none is to be had.
  private let end: Atomic<Int>
  private let preparedEnd: Atomic<Int>

  private static let pieceByteCount = 16 << 20
  /// A capture that stays shorter needs none.
  private static let firstByteCount = 1 << 20
  /// `FALLOC_FL_KEEP_SIZE`
  private static let keepSize: Int32 = 1

  init(_ file: borrowing CaptureFile) {
    self.file = file.owner.borrowed
    end = Atomic(file.beginningByteCount)
    preparedEnd = Atomic(file.beginningByteCount + Self.firstByteCount)
  }

  /// So many bytes more have been written: has more room prepared when that is used up.
  func use(_ byteCount: Int) {
    let end = end.wrappingAdd(byteCount, ordering: .relaxed).newValue
    let prepared = preparedEnd.load(ordering: .relaxed)
    guard prepared != 0, end >= prepared else { return }
    do throws(Errno) {
      try file.allocate(
        mode: Self.keepSize, offset: UInt64(end), byteCount: UInt64(Self.pieceByteCount))
      preparedEnd.store(end + Self.pieceByteCount, ordering: .relaxed)
    } catch {
      // No such call, or no room for so much: block by block, then.
      preparedEnd.store(0, ordering: .relaxed)
    }
  }

  /// Gives back what the file has not used.
  func giveBack() {
    let end = end.load(ordering: .relaxed)
    guard end > Self.firstByteCount else { return }
    try? file.truncate(to: UInt64(end))
  }
}
