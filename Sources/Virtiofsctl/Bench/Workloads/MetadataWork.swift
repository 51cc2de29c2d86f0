internal import FuseProtocol
internal import Frontend
internal import Linux

/// GETATTR, LOOKUP or GETXATTR: one request an operation.
struct MetadataWork: Work {
  enum Kind {
    case getattr
    case lookup
    case lookupNegative
    case getxattr
  }

  private let kind: Kind
  private let requests: [Int]
  private let files: SmallFiles
  private var chosen: [Int]
  private var random: CheapRandom

  /// Lays out a request for each slot of `lane`.
  init(_ kind: Kind, _ files: SmallFiles, _ lane: FastLane, seed: Int) throws(FrontEndError) {
    self.kind = kind
    self.files = files
    random = CheapRandom(seed: seed)
    chosen = Array(repeating: 0, count: lane.slotCount)
    var requests: [Int] = []
    for _ in 0..<lane.slotCount {
      let request: FuseRequest
      switch kind {
      case .getattr: request = .getattr(.root)
      case .lookup, .lookupNegative: request = .lookup("00000000", in: files.directory)
      case .getxattr: request = .getxattr(.root, "security.capability", byteCount: 0)
      }
      requests.append(try lane.prepare(request))
    }
    self.requests = requests
  }

  @inline(__always)
  mutating func begin(_ slot: Int, _ lane: FastLane) -> Int {
    let request = requests[slot]
    let file = random.below(files.nodes.count)
    chosen[slot] = file
    switch kind {
    case .getattr, .getxattr: lane.store(files.nodes[file], at: Place.node, of: request)
    case .lookup: lane.store(BenchName.word("s", file), at: Place.arguments, of: request)
    case .lookupNegative: lane.store(BenchName.word("-", file), at: Place.arguments, of: request)
    }
    return request
  }

  @inline(__always)
  mutating func finish(_ reply: LaneReply, _ lane: FastLane) -> Outcome {
    switch kind {
    case .getattr:
      guard reply.error == 0 else { return .failed(reply.error) }
      // The size, after validity and inode number.
      let size = lane.load64(reply.request, at: Place.body + 24)
      return size == UInt64(SmallFiles.byteCount) ? .done(1) : .wrongData(offset: 0)
    case .lookup:
      guard reply.error == 0 else { return .failed(reply.error) }
      let node = lane.load64(reply.request, at: Place.body)
      return node == files.nodes[chosen[reply.slot]] ? .done(1) : .wrongData(offset: 0)
    case .lookupNegative:
      // A negative entry that may be cached has node 0.
      let isAbsent =
        reply.error == Errno.noEntry.rawValue
        || reply.error == 0 && lane.load64(reply.request, at: Place.body) == 0
      return isAbsent ? .done(1) : .failed(reply.error)
    case .getxattr:
      return reply.error == Errno.noData.rawValue ? .done(1) : .failed(reply.error)
    }
  }
}

/// Where fields lie in requests and replies, from the start of the header.
enum Place {
  /// The node of a request's header.
  static let node = 16
  /// A request's arguments: the handle of those that have one.
  static let arguments = 40
  /// The offset of READ, WRITE and READDIRPLUS.
  static let offset = 48
  /// A reply's structure: the node of an entry, the handle of an open file.
  static let body = 16
  /// The open file's handle in the reply to CREATE, after the entry.
  static let createdHandle = 16 + 128
}
