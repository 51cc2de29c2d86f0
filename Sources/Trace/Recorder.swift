package import Linux
internal import Synchronization

/// Writes what the vrings' threads record into a file, from a thread of its own.
///
/// The vrings' threads never wait for the file: each has a `Lane` of bounded memory.
package final class Recorder: Sendable {
  /// How long a lane's ring is, in bytes, unless a test wants it otherwise.
  ///
  /// The fastest guest fills it in a tenth of a second (650,000 READs a second, 600 bytes each), so
  /// that a disk or a busy processor may pause as long without a loss.
  package static let usualLaneByteCount = 32 << 20

  private let state: RecorderState
  private let lanes: [Lane]
  /// When the device was reset, in the capture's time, as long as no vring's thread has said so.
  private let resets = Mutex<[UInt64]>([])

  /// Something about the file that the operator should know.
  package enum Trouble: Equatable, Sendable {
    /// Nothing can be written at the moment. Said once; it is tried again and again.
    case cannotWrite(Errno)
    /// The capture has ended, and so many records are missing in it; if it is cut, those that
    /// could not be written at the end as well.
    case incomplete(droppedCount: UInt64, isCut: Bool)
  }

  /// Takes over `file` and starts the thread.
  ///
  /// - Parameters:
  ///   - laneByteCount: The length of a vring's ring, a power of two.
  ///   - report: Called on the recorder's thread or by `close`.
  /// - Throws: `EAGAIN` if there is no thread to be had.
  package init(
    _ file: consuming CaptureFile, laneByteCount: Int = usualLaneByteCount,
    report: @escaping @Sendable (Trouble) -> Void
  ) throws(Errno) {
    let bell = RecorderBell()
    let clock = file.clock
    // Two captures that are merged into one file should not have serials in common.
    let tag = UInt16(truncatingIfNeeded: clock.now >> 20)
    let snapLength = file.snapLength
    lanes = (0..<file.vringCount).map { index in
      Lane(
        vring: UInt16(index), capacity: laneByteCount, snapLength: snapLength, clock: clock,
        tag: tag, bell: bell)
    }
    state = RecorderState(file, lanes: lanes, bell: bell, report: report)
    let state = state
    _ = try Thread(name: "recorder") { state.run() }
  }

  /// The lane of the vring `index`, for its thread alone.
  package func lane(_ index: Int) -> Lane {
    lanes[index]
  }

  /// Notes that the device was reset; no vring may be running.
  ///
  /// The lanes belong to their threads, so the record is made when the first vring starts again, or
  /// at the end, with this moment's time.
  package func noteReset() {
    let now = state.clock.now
    resets.withLock { resets in
      if resets.count < 64 { resets.append(now) }
    }
  }

  /// Records the resets that have been noted, and then that `lane`'s vring has been started; on its
  /// thread.
  package func vringStarted(_ lane: Lane, size: UInt16, features: UInt64) {
    recordResets(on: lane)
    lane.record(.vringStarted(size: UInt32(size), features: features))
    lane.settle()
  }

  private func recordResets(on lane: Lane) {
    let times = resets.withLock { resets in
      defer { resets = [] }
      return resets
    }
    for time in times { lane.record(.deviceReset, time: time) }
  }

  /// Ends the capture: everything that was recorded is written, and how much was dropped.
  ///
  /// The vrings' threads must have ended, unless `areLanesBusy`; then what they are about to record
  /// is left out.
  ///
  /// - Returns: Whether all of that was done within `milliseconds`.
  @discardableResult
  package func close(milliseconds: Int, areLanesBusy: Bool = false) -> Bool {
    if !areLanesBusy {
      if let first = lanes.first { recordResets(on: first) }
    }
    return state.close(milliseconds: milliseconds, areLanesBusy: areLanesBusy)
  }
}
