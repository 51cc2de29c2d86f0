internal import FuseProtocol
internal import Frontend

/// GETATTR in the last slot, beside slow READs in all others of the same queue.
struct BesideReadsWork: Work {
  private var reads: ReadWork
  private let getattr: Int
  private let slot: Int

  init(
    _ file: DataFile, blockByteCount: Int, segmentByteCount: Int, _ lane: FastLane, seed: Int
  ) throws(FrontEndError) {
    reads = try ReadWork(
      file, blockByteCount: blockByteCount, isRandom: true, segmentByteCount: segmentByteCount,
      lane, seed: seed)
    getattr = try lane.prepare(.getattr(file.node))
    slot = lane.slotCount - 1
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    slot == self.slot ? getattr : reads.begin(slot, lane)
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    if reply.slot == slot { return reply.error == 0 ? .done(1) : .failed(reply.error) }
    if case .done = reads.finish(reply, lane) { return .background }
    return reply.error == 0 ? .wrongData(offset: 0) : .failed(reply.error)
  }
}

/// READs of 4 KiB, beside one slot that writes a mebibyte and calls FSYNC, again and again.
struct BesideFsyncWork: Work {
  private var reads: ReadWork
  private var writes: WriteWork
  private let fsync: Int
  private let slot: Int

  init(
    _ file: DataFile, _ written: DataFile, stamps: WriteStamps, blockByteCount: Int,
    writeByteCount: Int, segmentByteCount: Int, _ lane: FastLane, seed: Int
  ) throws(FrontEndError) {
    reads = try ReadWork(
      file, blockByteCount: blockByteCount, isRandom: true, segmentByteCount: segmentByteCount,
      lane, seed: seed)
    writes = try WriteWork(
      written, blockByteCount: writeByteCount, isRandom: false,
      segmentByteCount: segmentByteCount, lane, seed: seed, stamps: stamps)
    fsync = try lane.prepare(.fsync(written.node, handle: written.handle))
    slot = lane.slotCount - 1
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    slot == self.slot ? writes.begin(slot, lane) : reads.begin(slot, lane)
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.slot == slot else { return reads.finish(reply, lane) }
    guard reply.error == 0 else { return .failed(reply.error) }
    if reply.request == fsync { return .background }
    if case .done = writes.finish(reply, lane) { return .more(fsync) }
    return .wrongData(offset: 0)
  }
}
