internal import FuseProtocol
internal import Frontend
internal import Linux
internal import Synchronization

/// A back-end that is measured: connected, with the workload of the moment laid out.
final class BenchSession {
  /// What the user calls the back-end.
  let name: String
  let settings: BenchSettings
  let files: BenchFiles
  let interruption: Interruption
  let device: GuestDevice
  let client: FuseClient
  /// Tells this session's WRITEs from others'.
  let number: Int
  private(set) var processes: [Int32]
  var runners: [any AnyRunner] = []
  var stamps: WriteStamps?
  var workload: Workload?
  /// What the user has to know of the figures.
  var note: String?
  /// Where the file that is read differs from what was laid out.
  var wrongOffset: Int?

  /// Connects to the back-end at `socket` and begins a FUSE session.
  ///
  /// - Parameter process: The back-end's; nothing to ask the socket.
  init(
    name: String, number: Int, socket: String, process: Int32?, queueCount: Int,
    files: BenchFiles, settings: BenchSettings, interruption: Interruption
  ) throws(ToolError) {
    self.name = name
    self.number = number
    self.files = files
    self.settings = settings
    self.interruption = interruption
    var options = DeviceOptions()
    options.queueSize = UInt16(settings.queueSize)
    options.requestQueueCount = queueCount
    options.timeout = .seconds(settings.timeoutSeconds)
    do throws(FrontEndError) {
      // Pages that nobody touches cost nothing.
      options.memory = try GuestRAM(byteCount: 2 << 30)
      device = try GuestDevice(path: socket, options: options)
      if let offered = device.offeredQueueCount, offered < queueCount + 1 {
        throw .notOffered
      }
      client = FuseClient(device)
      _ = try client.initialize()
    } catch {
      throw BenchFailure.describe(error, of: name, at: socket)
    }
    let owner = process ?? (try? device.connection.descriptor.peerProcess())
    processes = owner.map { $0 > 0 ? ProcessCounters.family(of: $0) : [] } ?? []
    try checkShare()
  }

  /// Looks through the back-end for what was made on the host.
  private func checkShare() throws(ToolError) {
    do throws(FrontEndError) {
      let directory = try client.lookup(NameBytes(files.name)).node
      let token = try client.lookup("token", in: directory).node
      let handle = try client.open(token).handle
      let bytes = try client.read(token, handle: handle, byteCount: 256)
      try client.release(token, handle: handle)
      if bytes == Array(files.name.utf8) { return }
    } catch {
      guard case .reply = error else { throw BenchFailure.describe(error, of: name) }
    }
    throw .failure("--shared-dir is not what \(name) serves: \(files.path("token")) is not there")
  }

  /// The node of one of the bench's files or directories.
  func node(of path: String) throws(FrontEndError) -> NodeID {
    try client.walk("\(files.name)/\(path)").node
  }

  /// Runs the workload that is prepared, once.
  ///
  /// - Throws: A failure if the back-end does not play its part, or the user interrupts.
  func round() throws(ToolError) -> Sample {
    guard let workload else { preconditionFailure("nothing is prepared") }
    if workload.base == .idle { return try idleRound() }
    if workload.isCold { try files.dropCache(DataFileName.read) }
    var drive = Drive(depth: workload.depth, nanoseconds: settings.roundNanoseconds)
    drive.thinkNanoseconds = workload.thinkNanoseconds
    drive.isSleeping = workload.isSleeping
    drive.timeoutSeconds = settings.timeoutSeconds
    if workload.isOneRound {
      drive.nanoseconds = .max
      drive.operationLimit = workload.count
    } else if workload.isCold {
      // A block that comes again is in the page cache.
      let blockCount = settings.dataByteCount / workload.blockByteCount
      drive.operationLimit = max(1, blockCount / workload.queueCount)
    } else if let count = settings.operationCount {
      drive.nanoseconds = .max
      drive.operationLimit = count
    } else {
      var warmUp = drive
      warmUp.nanoseconds = settings.warmUpNanoseconds
      _ = try run(warmUp)
      // Blocks of the warm-up are not to pass for blocks of the round.
      stamps?.clear()
    }
    let before = ProcessCounters.read(processes)
    var sample = Sample(result: try run(drive))
    sample.hasBackground = workload.hasBackground
    compare(&sample, before)
    // What has failed is told by its error; that it is not in the file says nothing more.
    let isWhole = sample.result.errorCount == 0 && sample.result.wrongDataCount == 0
    if isWhole { try checkWrites() }
    stamps?.clear()
    return sample
  }

  private func compare(_ sample: inout Sample, _ before: ProcessCounters?) {
    guard let before, let after = ProcessCounters.read(processes) else { return }
    sample.cpuNanoseconds = after.cpuNanoseconds - before.cpuNanoseconds
    sample.voluntarySwitchCount = max(0, after.voluntarySwitchCount - before.voluntarySwitchCount)
    sample.anonymousGrowth = after.anonymousByteCount - before.anonymousByteCount
    sample.descriptorGrowth = after.descriptorCount - before.descriptorCount
    sample.anonymousByteCount = after.anonymousByteCount
    sample.residentByteCount = after.anonymousByteCount + after.fileByteCount
    sample.descriptorCount = after.descriptorCount
  }

  /// Lets the back-end alone for as long as a round.
  private func idleRound() throws(ToolError) -> Sample {
    let before = ProcessCounters.read(processes)
    let begin = SystemClock.nanoseconds
    while SystemClock.nanoseconds - begin < settings.roundNanoseconds {
      try interruption.check()
      SystemClock.sleep(milliseconds: 10)
    }
    var sample = Sample()
    sample.result.nanoseconds = SystemClock.nanoseconds - begin
    compare(&sample, before)
    return sample
  }

  /// Drives every queue by a thread of its own, and waits for them.
  private func run(_ drive: Drive) throws(ToolError) -> DriveResult {
    let stop = StopFlag()
    let ended = Semaphore()
    let boxes = runners.map { _ in ResultBox() }
    var threadCount = 0
    var failure: ToolError?
    for (index, runner) in runners.enumerated() {
      let box = boxes[index]
      let processor = settings.frontEndProcessors.map { $0[index % $0.count] }
      do throws(Errno) {
        // Detached: the semaphore tells its end.
        _ = try Thread(name: "bench") {
          // A processor that is gone is no reason not to measure.
          if let processor { try? Processors.keep(0, to: [processor]) }
          box.fill { () throws(FrontEndError) in try runner.run(drive, stop: stop) }
          ended.signal()
        }
        threadCount += 1
      } catch {
        stop.set()
        failure = .failure("cannot start a thread: \(error)")
      }
    }
    while threadCount > 0 {
      if ended.wait(milliseconds: 100) { threadCount -= 1 }
      if interruption.hasCome { stop.set() }
    }
    try interruption.check()
    if let failure { throw failure }
    var total = DriveResult()
    for box in boxes {
      do throws(FrontEndError) {
        total.merge(try box.get())
      } catch {
        throw BenchFailure.describe(error, of: name)
      }
    }
    return total
  }

  private func checkWrites() throws(ToolError) {
    guard let stamps else { return }
    let path = files.path(DataFileName.written)
    let wrong: Int?
    do throws(Errno) {
      wrong = try stamps.firstWrongOffset(in: path)
    } catch {
      throw .failure("cannot read \(path): \(error)")
    }
    guard let wrong else { return }
    throw ToolError(
      message: "\(name): what was written is not in \(path) at offset \(wrong)", exitCode: 1)
  }

  /// Ends the FUSE session and begins another: nothing is known and nothing is open any more.
  func endWorkload() throws(ToolError) {
    runners = []
    stamps = nil
    workload = nil
    note = nil
    wrongOffset = nil
    do throws(FrontEndError) {
      try client.destroy()
      _ = try client.initialize()
    } catch {
      throw BenchFailure.describe(error, of: name)
    }
  }
}

/// The names of the data files.
enum DataFileName {
  static let read = "read"
  static let written = "written"
}

/// What a thread came to.
private final class ResultBox: Sendable {
  private let value = Mutex<Result<DriveResult, FrontEndError>?>(nil)

  func fill(_ body: () throws(FrontEndError) -> DriveResult) {
    let result: Result<DriveResult, FrontEndError>
    do throws(FrontEndError) {
      result = .success(try body())
    } catch {
      result = .failure(error)
    }
    value.withLock { $0 = result }
  }

  func get() throws(FrontEndError) -> DriveResult {
    guard let result = value.withLock({ $0 }) else { preconditionFailure("not ended") }
    return try result.get()
  }
}

/// What is wrong with a back-end, for the user.
enum BenchFailure {
  /// A failure of the back-end `name`, which was to be at `socket` if there is one.
  static func describe(
    _ error: FrontEndError, of name: String, at socket: String? = nil
  ) -> ToolError {
    switch error {
    case .system(let code):
      if let socket { return .failure("cannot connect to \(name) at \(socket): \(code)") }
      return .failure("\(name): a system call failed: \(code)")
    case .timedOut(.connecting):
      return .failure(
        "nobody takes the connection to \(name) at \(socket ?? "its socket") (--timeout); "
          + "has another front-end connected to it?")
    case .timedOut: return .failure("\(name) did not answer in time (--timeout)")
    case .disconnected: return .failure("\(name) has closed the connection")
    case .malformedReply(let request):
      return .failure("\(name) does not speak vhost-user: its reply to message \(request) is none")
    case .refused(let request):
      return .failure(
        "\(name) refused the message \(request): does it have as many request queues?")
    case .notOffered:
      return .failure(
        "\(name) does not offer what is needed: VERSION_1, INDIRECT_DESC, that many queues")
    case .violation(let violation):
      return .failure("\(name) broke a rule of the ring or of FUSE: \(violation)")
    case .vringBroken: return .failure("\(name) says that the vring is broken")
    case .ringFull: return .failure("the ring is too small for the depth or block (--queue-size)")
    case .outOfGuestMemory: return .failure("depth times block is more than the guest's memory")
    case .reply(let code): return .failure("\(name) answered with an error: \(code)")
    }
  }
}
