internal import FuseProtocol
internal import Frontend
internal import Linux

/// What bench itself costs: the same loop and the same workloads with a device that does nothing,
/// in the same thread.
///
/// The time is the thread's CPU time, of front-end and device together: an upper bound. What is not
/// in it is what any front-end pays, the transfer of cache lines between two processors.
enum BenchSelfTest {
  /// What one operation costs.
  struct Cost: Sendable {
    var name: String
    var nanoseconds: Double
  }

  /// The most that an operation may cost, in nanoseconds.
  static let limit = 500.0

  /// Measures and reports.
  ///
  /// - Throws: Exit code 1 if an operation costs more than the limit.
  static func run(_ settings: BenchSettings, isJSON: Bool) throws(ToolError) {
    let costs = try measure(nanoseconds: settings.roundNanoseconds)
    var table = TextTable([("operation", .left), ("bench's own CPU", .right)])
    for cost in costs { table.append([cost.name, Quantities.time(cost.nanoseconds)]) }
    let json = JSON.object([
      ("limit_ns", .number(limit)),
      (
        "operations",
        .array(
          costs.map {
            .object([("name", .string($0.name)), ("ns", .number($0.nanoseconds))])
          })
      ),
    ])
    do throws(Errno) {
      try Descriptor.standardOutput.writeWhole(isJSON ? json.text + "\n" : table.text)
    } catch {
      throw .failure("cannot write the results: \(error)")
    }
    if let worst = costs.first(where: { $0.nanoseconds > limit }) {
      throw ToolError(
        message: "\(worst.name) costs \(Quantities.time(worst.nanoseconds)) of bench's own",
        exitCode: 1)
    }
  }

  /// The costs at several depths.
  static func measure(nanoseconds: Int) throws(ToolError) -> [Cost] {
    do throws(FrontEndError) {
      var costs: [Cost] = []
      for depth in [1, 32] {
        costs.append(
          try cost("GETATTR, depth \(depth)", depth: depth, nanoseconds) {
            (lane) throws(FrontEndError) in
            // The null device's attributes are all zero.
            try NullMetadataWork(lane)
          })
        costs.append(
          try cost("READ 4 KiB, depth \(depth)", depth: depth, nanoseconds) {
            (lane) throws(FrontEndError) in
            let file = DataFile(node: .root, handle: 1, flags: 0, byteCount: 4096, seed: 1)
            let work = try ReadWork(
              file, blockByteCount: 4096, isRandom: true, segmentByteCount: 4096, lane, seed: 1)
            // What the device would have read.
            for request in 0..<depth {
              for place in stride(from: 0, to: 4096, by: 8) {
                lane.storeData(Pattern.word(1, at: place), at: place, of: request)
              }
            }
            return work
          })
        costs.append(
          try cost("WRITE 4 KiB, depth \(depth)", depth: depth, nanoseconds) {
            (lane) throws(FrontEndError) in
            let file = DataFile(
              node: .root, handle: 1, flags: 0, byteCount: 128 << 20, seed: 0)
            let stamps = WriteStamps(seed: 3, fileByteCount: 128 << 20, blockByteCount: 4096)
            return NullWriteWork(
              inner: try WriteWork(
                file, blockByteCount: 4096, isRandom: true, segmentByteCount: 4096, lane, seed: 1,
                stamps: stamps))
          })
      }
      return costs
    } catch {
      throw .failure("the self-test failed: \(error)")
    }
  }

  private static func cost<W: Work>(
    _ name: String, depth: Int, _ nanoseconds: Int,
    _ makeWork: (FastLane) throws(FrontEndError) -> W
  ) throws(FrontEndError) -> Cost {
    let memory = try MemoryRegion(
      guestAddress: GuestAddress(rawValue: 1 << 20), byteCount: 16 << 20)
    let ring = try DriverRing(
      vring: 1, size: 128, features: [.indirectDescriptors, .eventIndex], arena: Arena(memory))
    let lane = try FastLane(ring, slotCount: depth, capacity: depth)
    var work = try makeWork(lane)
    let drive = Drive(depth: depth, nanoseconds: nanoseconds / 12)
    var engine = Engine(lane, drive, stop: StopFlag(), nullDevice: NullDevice(ring))
    let before = SystemClock.threadNanoseconds
    let result = try engine.run(&work)
    let spent = SystemClock.threadNanoseconds - before
    return Cost(name: name, nanoseconds: Double(spent) / Double(max(1, result.unitCount)))
  }
}

/// GETATTR whose reply is looked at and counts as done, whatever it says.
private struct NullMetadataWork: Work {
  private let requests: [Int]

  init(_ lane: FastLane) throws(FrontEndError) {
    var requests: [Int] = []
    for _ in 0..<lane.slotCount { requests.append(try lane.prepare(.getattr(.root))) }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    lane.store(UInt64(slot), at: Place.node, of: requests[slot])
    return requests[slot]
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    lane.load64(reply.request, at: Place.body + 24) == 1 ? .done(0) : .done(1)
  }
}

/// WRITE that counts as done, however much the null device says was written.
private struct NullWriteWork: Work {
  var inner: WriteWork

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    inner.begin(slot, lane)
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    if case .failed(let error) = inner.finish(reply, lane) { return .failed(error) }
    return .done(1)
  }
}
