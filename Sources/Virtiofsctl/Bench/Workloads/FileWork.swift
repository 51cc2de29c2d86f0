internal import FuseProtocol
internal import Frontend

/// OPEN and RELEASE of one of many files.
struct OpenWork: Work {
  private let files: SmallFiles
  private let requests: [(open: Int, release: Int)]
  private var random: CheapRandom

  /// Lays out both requests for each slot of `lane`.
  init(_ files: SmallFiles, _ lane: FastLane, seed: Int) throws(FrontEndError) {
    self.files = files
    random = CheapRandom(seed: seed)
    var requests: [(open: Int, release: Int)] = []
    for _ in 0..<lane.slotCount {
      requests.append(
        (
          try lane.prepare(.open(.root, flags: 0)),
          try lane.prepare(.release(.root, handle: 0))
        ))
    }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    let node = files.nodes[random.below(files.nodes.count)]
    let (open, release) = requests[slot]
    lane.store(node, at: Place.node, of: open)
    lane.store(node, at: Place.node, of: release)
    return open
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    let (open, release) = requests[reply.slot]
    guard reply.request == open else { return .done(1) }
    lane.store(lane.load64(open, at: Place.body), at: Place.arguments, of: release)
    return .more(release)
  }
}

/// What a guest does to read a small file: LOOKUP, OPEN, READ, FLUSH, RELEASE.
struct SmallFileWork: Work {
  private struct Requests {
    var lookup: Int
    var open: Int
    var read: Int
    var flush: Int
    var release: Int
  }

  private let files: SmallFiles
  private let requests: [Requests]
  private var chosen: [Int]
  private var random: CheapRandom

  /// Lays out the five requests for each slot of `lane`.
  init(_ files: SmallFiles, _ lane: FastLane, seed: Int) throws(FrontEndError) {
    self.files = files
    random = CheapRandom(seed: seed)
    chosen = Array(repeating: 0, count: lane.slotCount)
    var requests: [Requests] = []
    for _ in 0..<lane.slotCount {
      let data = try lane.allocate(SmallFiles.byteCount)
      requests.append(
        Requests(
          lookup: try lane.prepare(.lookup("00000000", in: files.directory)),
          open: try lane.prepare(.open(.root, flags: 0)),
          read: try lane.prepare(.read(.root, handle: 0, offset: 0, into: [data])),
          flush: try lane.prepare(.flush(.root, handle: 0)),
          release: try lane.prepare(.release(.root, handle: 0))))
    }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    let file = random.below(files.nodes.count)
    chosen[slot] = file
    lane.store(BenchName.word("s", file), at: Place.arguments, of: requests[slot].lookup)
    return requests[slot].lookup
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    let all = requests[reply.slot]
    if reply.request == all.lookup {
      let node = lane.load64(all.lookup, at: Place.body)
      lane.store(node, at: Place.node, of: all.open)
      lane.store(node, at: Place.node, of: all.read)
      lane.store(node, at: Place.node, of: all.flush)
      lane.store(node, at: Place.node, of: all.release)
      return .more(all.open)
    }
    if reply.request == all.open {
      let handle = lane.load64(all.open, at: Place.body)
      lane.store(handle, at: Place.arguments, of: all.read)
      lane.store(handle, at: Place.arguments, of: all.flush)
      lane.store(handle, at: Place.arguments, of: all.release)
      return .more(all.read)
    }
    if reply.request == all.read {
      let seed = SmallFiles.seed(chosen[reply.slot])
      let last = SmallFiles.byteCount - 8
      guard lane.data64(all.read, at: 0) == Pattern.word(seed, at: 0),
        lane.data64(all.read, at: last) == Pattern.word(seed, at: last)
      else { return .wrongData(offset: 0) }
      return .more(all.flush)
    }
    return reply.request == all.flush ? .more(all.release) : .done(1)
  }
}
