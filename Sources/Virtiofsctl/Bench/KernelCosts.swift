internal import Linux

/// What the host's kernel itself takes for the calls that a back-end cannot do without: the least
/// that an operation can cost on this machine, whoever serves it.
///
/// CPU time of the calling thread, the median of several runs, on files in a directory of the file
/// system that is asked about. Making files is not among them: ext4 looks past every inode that was
/// freed in the last five seconds, so that the cost grows with what is measured.
struct KernelCosts: ~Copyable {
  /// One operation and the calls for it.
  struct Cost: Sendable {
    var operation: String
    var calls: String
    var nanoseconds: Double
  }

  private static let fileCount = 1024
  private static let dataByteCount = 64 << 20
  private static let blockByteCount = 4096

  private let path: String
  private let runNanoseconds: Int
  private var random = 0x9e37_79b9_7f4a_7c15 as UInt64

  /// Measures and reports.
  static func run(_ settings: BenchSettings, directory: String, isJSON: Bool) throws(ToolError) {
    var measuring: KernelCosts
    do throws(Errno) {
      measuring = try KernelCosts(in: directory, runNanoseconds: settings.roundNanoseconds / 10)
    } catch {
      throw .failure("cannot make a directory in \(directory): \(error)")
    }
    let costs = try measuring.measure()
    var table = TextTable([("operation", .left), ("calls", .left), ("kernel's CPU", .right)])
    for cost in costs {
      table.append([cost.operation, cost.calls, Quantities.time(cost.nanoseconds)])
    }
    let json = JSON.array(
      costs.map {
        .object([
          ("operation", .string($0.operation)), ("calls", .string($0.calls)),
          ("ns", .number($0.nanoseconds)),
        ])
      })
    do throws(Errno) {
      try Descriptor.standardOutput.writeWhole(isJSON ? json.text + "\n" : table.text)
    } catch {
      throw .failure("cannot write the results: \(error)")
    }
  }

  private init(in directory: String, runNanoseconds: Int) throws(Errno) {
    path = try HostPaths.makeTemporaryDirectory("\(directory)/.virtiofsctl-kernel-")
    self.runNanoseconds = runNanoseconds
  }

  deinit {
    HostPaths.removeTree(path)
  }

  private mutating func measure() throws(ToolError) -> [Cost] {
    do throws(Errno) {
      return try metadata() + data()
    } catch {
      throw .failure("a call in \(path) failed: \(error)")
    }
  }

  // MARK: The calls

  private mutating func metadata() throws(Errno) -> [Cost] {
    let directory = try HostPaths.open(path)
    for number in 0..<Self.fileCount {
      let file = try HostPaths.makeFile("\(path)/f\(number)")
      try file.borrowed.truncate(to: UInt64(Self.blockByteCount))
    }
    let file = try directory.borrowed.open(PathName("f0"), .path)
    var costs = [
      try cost("GETATTR", "statx of a descriptor") { () throws(Errno) in
        _ = try file.borrowed.status()
      },
      try cost("LOOKUP", "statx of a name") { () throws(Errno) in
        _ = try directory.borrowed.status(of: PathName("f1"))
      },
      try cost("LOOKUP, no such name", "statx of a name") { () throws(Errno) in
        _ = try? directory.borrowed.status(of: PathName("none"))
      },
    ]
    let reading = try directory.borrowed.open(PathName("."), [.readOnly, .directory])
    if let handle = try? file.borrowed.handle().handle {
      costs.append(
        try cost("OPEN, RELEASE", "open_by_handle_at, close") { () throws(Errno) in
          let open = try reading.borrowed.open(handle, .readOnly)
          _ = open.borrowed
        })
      costs.append(
        try cost("LOOKUP, new", "statx, name_to_handle_at") { () throws(Errno) in
          _ = try directory.borrowed.status(of: PathName("f2"))
          _ = try directory.borrowed.handle(of: PathName("f2"))
        })
    }
    costs.append(try entry(reading.borrowed))
    return costs
  }

  /// An entry of READDIRPLUS: its part of `getdents64`, and `statx` of its name.
  private mutating func entry(_ directory: Descriptor) throws(Errno) -> Cost {
    var buffer = DirectoryBuffer(byteCount: 64 << 10)
    let whole = try cost("", "") { () throws(Errno) in
      try directory.seekDirectory(to: 0)
      while try buffer.fill(from: directory) {
        var entries = buffer.entries
        while let entry = entries.next() {
          guard !entry.isSelf, !entry.isParent else { continue }
          _ = try directory.status(of: PathName(entry.terminatedName))
        }
      }
    }
    return Cost(
      operation: "READDIRPLUS, an entry", calls: "getdents64, statx",
      nanoseconds: whole.nanoseconds / Double(Self.fileCount))
  }

  private mutating func data() throws(Errno) -> [Cost] {
    let file = try HostPaths.makeFile("\(path)/data")
    let block = KernelCostBlock(byteCount: Self.blockByteCount)
    // Written in blocks: a file written in large pieces has large folios in the page cache.
    for offset in stride(from: 0, to: Self.dataByteCount, by: Self.blockByteCount) {
      _ = try file.borrowed.write(block.vectors, at: UInt64(offset))
    }
    try file.borrowed.synchronize()
    return [
      try cost("READ of 4 KiB, cached", "preadv2") { (offset) throws(Errno) in
        _ = try file.borrowed.read(into: block.vectors, at: offset, flags: ReadWriteFlags.noWait)
      },
      try cost("WRITE of 4 KiB, cached", "pwritev2") { (offset) throws(Errno) in
        _ = try file.borrowed.write(block.vectors, at: offset)
      },
    ]
  }

  // MARK: The measuring

  private mutating func cost(
    _ operation: String, _ calls: String, _ body: () throws(Errno) -> Void
  ) throws(Errno) -> Cost {
    try cost(operation, calls) { (_) throws(Errno) in try body() }
  }

  /// Calls `body` with places of blocks in the data file, in runs of at least the wanted length.
  private mutating func cost(
    _ operation: String, _ calls: String, _ body: (UInt64) throws(Errno) -> Void
  ) throws(Errno) -> Cost {
    var runs: [Double] = []
    for _ in 0..<7 {
      var count = 0
      let start = SystemClock.threadNanoseconds
      var spent = 0
      repeat {
        for _ in 0..<16 { try body(place()) }
        count += 16
        spent = SystemClock.threadNanoseconds - start
      } while spent < runNanoseconds
      runs.append(Double(spent) / Double(count))
    }
    return Cost(operation: operation, calls: calls, nanoseconds: runs.sorted()[runs.count / 2])
  }

  /// The place of a block at random.
  private mutating func place() -> UInt64 {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return random % UInt64(Self.dataByteCount / Self.blockByteCount) * UInt64(Self.blockByteCount)
  }
}
