internal import FuseProtocol
internal import Frontend

/// Sends FORGET on the queue for priority requests, as Linux does, without waiting for each.
struct Forgetter {
  private let lane: FastLane
  private let requests: [Int]
  private var freeSlots: [Int]
  private let timeoutSeconds: Int
  private var isTakenOver = false
  /// How many kicks the FORGETs up to the last `settle` took, from the one before it.
  private(set) var kickCount = 0
  private var failure: FrontEndError?

  /// Uses all slots of `lane`, which is on the queue for priority requests.
  init(_ lane: FastLane, timeoutSeconds: Int) throws(FrontEndError) {
    self.lane = lane
    self.timeoutSeconds = timeoutSeconds
    var requests: [Int] = []
    for _ in 0..<lane.slotCount {
      requests.append(try lane.prepare(.forget(.root, lookups: 1)))
    }
    self.requests = requests
    freeSlots = Array(0..<lane.slotCount)
  }

  /// Forgets one lookup of `node`; waits only if too many are on their way.
  @inline(__always)
  mutating func forget(_ node: UInt64) {
    if !isTakenOver {
      lane.takeOver()
      isTakenOver = true
    }
    if freeSlots.isEmpty { collect() }
    guard let slot = freeSlots.popLast() else { return }
    lane.store(node, at: Place.node, of: requests[slot])
    lane.start(requests[slot], in: slot)
    lane.publish()
  }

  /// Waits until the device has taken all that were sent.
  ///
  /// - Throws: What went wrong with any of them.
  mutating func settle() throws(FrontEndError) {
    if let failure { throw failure }
    kickCount = 0
    guard isTakenOver else { return }
    let deadline = Deadline(after: .seconds(timeoutSeconds))
    while lane.outstandingCount > 0 {
      if try lane.wait(isSleeping: false, milliseconds: 50) { try take() }
      if deadline.hasPassed { throw .timedOut(.completing) }
    }
    kickCount = lane.kickCount
    lane.handBack()
    isTakenOver = false
  }

  /// Makes room; a failure is kept for `settle`.
  private mutating func collect() {
    let deadline = Deadline(after: .seconds(timeoutSeconds))
    do throws(FrontEndError) {
      while freeSlots.isEmpty {
        if try lane.wait(isSleeping: false, milliseconds: 50) { try take() }
        if deadline.hasPassed { throw .timedOut(.completing) }
      }
    } catch {
      failure = error
    }
  }

  private mutating func take() throws(FrontEndError) {
    var count = lane.usedCount
    while count > 0 {
      count -= 1
      freeSlots.append(try lane.take().slot)
    }
  }
}

/// The life of a short-lived file: CREATE, WRITE of 4 KiB, FLUSH, RELEASE, UNLINK, FORGET.
///
/// A guest may keep what it has unlinked known for a while: then each new file takes the place of
/// the oldest of those, which is forgotten in its stead.
struct CreateWork: Work {
  private struct Requests {
    var create: Int
    var write: Int
    var flush: Int
    var release: Int
    var unlink: Int
  }

  private let requests: [Requests]
  private var nodes: [UInt64]
  private var forgetter: Forgetter
  private var nextNumber = 0
  /// Unlinked files that are still known, and the place of the oldest.
  private var known: [UInt64]
  private var oldest = 0

  /// Lays out the requests for each slot of `lane`, for files in `directory`.
  ///
  /// - Parameter known: Nodes of unlinked files; none if each file is forgotten at once.
  init(
    in directory: NodeID, _ lane: FastLane, _ forgetter: Forgetter, known: [UInt64] = []
  ) throws(FrontEndError) {
    self.forgetter = forgetter
    self.known = known
    nodes = Array(repeating: 0, count: lane.slotCount)
    var requests: [Requests] = []
    for _ in 0..<lane.slotCount {
      let data = try lane.allocate(4096)
      let arguments = CreateIn(flags: 0o102, mode: 0o100644)
      requests.append(
        Requests(
          create: try lane.prepare(.create(arguments, "00000000", in: directory)),
          write: try lane.prepare(.write(.root, handle: 0, offset: 0, from: [data])),
          flush: try lane.prepare(.flush(.root, handle: 0)),
          release: try lane.prepare(.release(.root, handle: 0)),
          unlink: try lane.prepare(.unlink("00000000", in: directory))))
    }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    nextNumber += 1
    let name = BenchName.word("c", nextNumber)
    let all = requests[slot]
    // The name stands after `fuse_create_in`.
    lane.store(name, at: Place.arguments + 16, of: all.create)
    lane.store(name, at: Place.arguments, of: all.unlink)
    return all.create
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    let all = requests[reply.slot]
    if reply.request == all.create {
      let node = lane.load64(all.create, at: Place.body)
      let handle = lane.load64(all.create, at: Place.createdHandle)
      nodes[reply.slot] = node
      lane.store(node, at: Place.node, of: all.write)
      lane.store(handle, at: Place.arguments, of: all.write)
      lane.store(node, at: Place.node, of: all.flush)
      lane.store(handle, at: Place.arguments, of: all.flush)
      lane.store(node, at: Place.node, of: all.release)
      lane.store(handle, at: Place.arguments, of: all.release)
      return .more(all.write)
    }
    if reply.request == all.write {
      let written = lane.load64(all.write, at: Place.body) & 0xffff_ffff
      return written == 4096 ? .more(all.flush) : .wrongData(offset: 0)
    }
    if reply.request == all.flush { return .more(all.release) }
    if reply.request == all.release { return .more(all.unlink) }
    forget(nodes[reply.slot])
    return .done(1)
  }

  @inline(__always)
  private mutating func forget(_ node: UInt64) {
    guard !known.isEmpty else { return forgetter.forget(node) }
    forgetter.forget(known[oldest])
    known[oldest] = node
    oldest = oldest + 1 == known.count ? 0 : oldest + 1
  }

  mutating func settle() throws(FrontEndError) {
    try forgetter.settle()
  }

  var sideKickCount: Int { forgetter.kickCount }
}

/// LOOKUP of one name after another, each forgotten at once or kept.
struct DistinctLookupWork: Work {
  private let requests: [Int]
  private let directories: [UInt64]
  private let namesPerDirectory: Int
  private let nameCount: Int
  private var forgetter: Forgetter?
  private var next = 0

  /// Names `f0000000` and so on, in directories one after another; kept without a forgetter.
  init(
    directories: [UInt64], namesPerDirectory: Int, nameCount: Int, _ lane: FastLane,
    _ forgetter: Forgetter?
  ) throws(FrontEndError) {
    self.directories = directories
    self.namesPerDirectory = namesPerDirectory
    self.nameCount = nameCount
    self.forgetter = forgetter
    var requests: [Int] = []
    for _ in 0..<lane.slotCount { requests.append(try lane.prepare(.lookup("00000000"))) }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    let number = next
    next = next + 1 == nameCount ? 0 : next + 1
    lane.store(directories[number / namesPerDirectory], at: Place.node, of: requests[slot])
    lane.store(BenchName.word("f", number), at: Place.arguments, of: requests[slot])
    return requests[slot]
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    guard reply.error == 0 else { return .failed(reply.error) }
    forgetter?.forget(lane.load64(reply.request, at: Place.body))
    return .done(1)
  }

  mutating func settle() throws(FrontEndError) {
    try forgetter?.settle()
  }

  var sideKickCount: Int { forgetter?.kickCount ?? 0 }
}
