internal import FuseProtocol
internal import Frontend

/// An open file for READs and WRITEs.
struct DataFile {
  var node: NodeID
  var handle: UInt64
  /// Those of `open`, which every READ and WRITE repeats.
  var flags: UInt32
  /// In bytes; a multiple of every block.
  var byteCount: Int
  /// What it was filled with.
  var seed: Int
}

/// Which block comes next.
struct BlockOrder {
  private let blockByteCount: Int
  private let blockCount: Int
  private let isRandom: Bool
  private var next: Int
  private var random: CheapRandom
  private var once: BlockPermutation?

  init(_ file: DataFile, blockByteCount: Int, isRandom: Bool, seed: Int) {
    self.blockByteCount = blockByteCount
    self.isRandom = isRandom
    blockCount = max(1, file.byteCount / blockByteCount)
    // Threads begin at places of their own.
    next = seed * (blockCount / 8) % blockCount
    random = CheapRandom(seed: seed)
  }

  /// Every block once before any comes again, those of thread `index` of `count` only.
  init(
    _ file: DataFile, blockByteCount: Int, isRandom: Bool, onceByThread index: Int, of count: Int
  ) {
    self.init(file, blockByteCount: blockByteCount, isRandom: isRandom, seed: 0)
    once = BlockPermutation(count: blockCount, isShuffled: isRandom, thread: index, of: count)
  }

  /// Where the next block begins.
  @inline(__always)
  mutating func nextOffset() -> Int {
    if once != nil { return (once?.next() ?? 0) * blockByteCount }
    if isRandom { return random.below(blockCount) * blockByteCount }
    let offset = next * blockByteCount
    next = next + 1 == blockCount ? 0 : next + 1
    return offset
  }
}

/// The numbers below a count, each once, in order or shuffled; parted among threads.
struct BlockPermutation {
  private let count: Int
  private let isShuffled: Bool
  private let first: Int
  private let step: Int
  private var place: Int
  private let mask: UInt64
  private let shift: UInt64

  /// What thread `thread` of `threadCount` gets: begins again after its last one.
  init(count: Int, isShuffled: Bool, thread: Int, of threadCount: Int) {
    precondition(count > 0 && threadCount > 0 && (0..<threadCount).contains(thread))
    self.count = count
    self.isShuffled = isShuffled
    first = thread % count
    step = threadCount
    place = first
    let bits = max(2, Int.bitWidth - (count - 1).leadingZeroBitCount)
    mask = (1 << UInt64(bits)) - 1
    shift = UInt64(bits + 1) / 2
  }

  /// The next number.
  @inline(__always)
  mutating func next() -> Int {
    let number = isShuffled ? shuffled(place) : place
    place += step
    if place >= count { place = first }
    return number
  }

  /// Where `place` is in the shuffled order: steps that can be undone, below a power of two, again
  /// and again until the number is below the count, so that no two places get the same.
  @inline(__always)
  private func shuffled(_ place: Int) -> Int {
    var number = UInt64(place)
    repeat {
      for factor: UInt64 in [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9] {
        number = (number &* factor &+ 0x1234_5678_9abc_def1) & mask
        number ^= number >> shift
      }
    } while number >= UInt64(count)
    return Int(number)
  }
}

/// READ of one block after another, in order or at random.
///
/// The first, a middle and the last word of each are checked; every byte is by `verify`.
struct ReadWork: Work {
  private let requests: [Int]
  private let file: DataFile
  private let blockByteCount: Int
  private var order: BlockOrder
  private var offsets: [Int]

  /// Lays out a request with its pages for each slot of `lane`.
  init(
    _ file: DataFile, order: BlockOrder, blockByteCount: Int, segmentByteCount: Int,
    _ lane: FastLane
  ) throws(FrontEndError) {
    self.file = file
    self.blockByteCount = blockByteCount
    self.order = order
    offsets = Array(repeating: 0, count: lane.slotCount)
    var requests: [Int] = []
    for _ in 0..<lane.slotCount {
      let data = try lane.allocate(blockByteCount)
      let request = FuseRequest.read(
        file.node, handle: file.handle, offset: 0, into: [data], flags: file.flags)
      requests.append(try lane.prepare(request, segmentByteCount: segmentByteCount))
    }
    self.requests = requests
  }

  /// The same with the blocks in order for ever, or at random.
  init(
    _ file: DataFile, blockByteCount: Int, isRandom: Bool, segmentByteCount: Int,
    _ lane: FastLane, seed: Int
  ) throws(FrontEndError) {
    let order = BlockOrder(file, blockByteCount: blockByteCount, isRandom: isRandom, seed: seed)
    try self.init(
      file, order: order, blockByteCount: blockByteCount, segmentByteCount: segmentByteCount, lane)
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    let offset = order.nextOffset()
    offsets[slot] = offset
    lane.store(UInt64(truncatingIfNeeded: offset), at: Place.offset, of: requests[slot])
    return requests[slot]
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    let offset = offsets[reply.slot]
    let middle = min(blockByteCount / 2 + 8 * (offset >> 12 & 127), blockByteCount - 8)
    let last = blockByteCount - 8
    guard lane.data64(reply.request, at: 0) == Pattern.word(file.seed, at: offset) else {
      return .wrongData(offset: offset)
    }
    guard
      lane.data64(reply.request, at: middle) == Pattern.word(file.seed, at: offset + middle)
    else { return .wrongData(offset: offset + middle) }
    guard lane.data64(reply.request, at: last) == Pattern.word(file.seed, at: offset + last)
    else { return .wrongData(offset: offset + last) }
    return .done(1)
  }
}

/// WRITE of one block after another, in order or at random.
///
/// What a block holds is laid out once; its first and its last word tell where and in which round
/// it was to be written, so that what stands in the file afterwards can be checked.
struct WriteWork: Work {
  private let requests: [Int]
  private let stamps: WriteStamps
  private let blockByteCount: Int
  private var order: BlockOrder

  /// Lays out a request with its pages for each slot of `lane`.
  init(
    _ file: DataFile, blockByteCount: Int, isRandom: Bool, segmentByteCount: Int,
    _ lane: FastLane, seed: Int, stamps: WriteStamps
  ) throws(FrontEndError) {
    self.blockByteCount = blockByteCount
    self.stamps = stamps
    order = BlockOrder(file, blockByteCount: blockByteCount, isRandom: isRandom, seed: seed)
    var requests: [Int] = []
    for _ in 0..<lane.slotCount {
      let data = try lane.allocate(blockByteCount)
      let request = FuseRequest.write(
        file.node, handle: file.handle, offset: 0, from: [data], flags: file.flags)
      let number = try lane.prepare(request, segmentByteCount: segmentByteCount)
      for place in stride(from: 8, to: blockByteCount, by: 8) {
        lane.storeData(Pattern.word(stamps.seed, at: place), at: place, of: number)
      }
      requests.append(number)
    }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    let offset = order.nextOffset()
    lane.store(UInt64(truncatingIfNeeded: offset), at: Place.offset, of: requests[slot])
    lane.storeData(stamps.word(at: offset), at: 0, of: requests[slot])
    let last = blockByteCount - 8
    lane.storeData(stamps.word(at: offset + last), at: last, of: requests[slot])
    stamps.mark(offset / blockByteCount)
    return requests[slot]
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    let written = lane.load64(reply.request, at: Place.body) & 0xffff_ffff
    return written == UInt64(blockByteCount) ? .done(1) : .wrongData(offset: Int(written))
  }
}

/// READDIRPLUS of a large directory, from the beginning to the end and again.
struct ReaddirplusWork: Work {
  private let requests: [Int]
  private let entryCount: Int
  private var seen: [Int]
  private var offsets: [UInt64]

  /// Lays out a request for each slot of `lane`, each with an open directory of its own.
  init(
    _ directory: NodeID, handles: [UInt64], entryCount: Int, roomByteCount: Int, _ lane: FastLane
  ) throws(FrontEndError) {
    self.entryCount = entryCount
    seen = Array(repeating: 0, count: lane.slotCount)
    offsets = Array(repeating: 0, count: lane.slotCount)
    var requests: [Int] = []
    for slot in 0..<lane.slotCount {
      requests.append(
        try lane.prepare(
          .readdirplus(directory, handle: handles[slot], byteCount: roomByteCount),
          isExact: false))
    }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    lane.store(offsets[slot], at: Place.offset, of: requests[slot])
    return requests[slot]
  }

  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    let slot = reply.slot
    if reply.byteCount == 0 {
      // The entries, "." and "..".
      let isWhole = seen[slot] == entryCount + 2
      let count = seen[slot]
      seen[slot] = 0
      offsets[slot] = 0
      return isWhole ? .done(0) : .wrongData(offset: count)
    }
    var place = 0
    var count = 0
    // `fuse_direntplus`: an entry of 128 bytes and a record of 24, then the name.
    while place + 152 <= reply.byteCount {
      offsets[slot] = lane.load64(reply.request, at: Place.body + place + 136)
      let nameCount = lane.load64(reply.request, at: Place.body + place + 144) & 0xffff
      place += 152 + (Int(nameCount) + 7) & ~7
      count += 1
    }
    seen[slot] += count
    return place == reply.byteCount ? .done(count) : .wrongData(offset: place)
  }
}
