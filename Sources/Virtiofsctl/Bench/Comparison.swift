internal import Linux

/// Several back-ends on one share, each workload with new daemons.
struct Comparison {
  /// What issue and documentation compare by, a few minutes.
  static let defaultWorkloads = [
    "getattr:depth=1", "getattr:depth=1,think=20us", "getattr:depth=1,wait=sleep", "getattr",
    "lookup", "lookup-negative", "open", "getxattr", "small-files", "create", "create-known",
    "readdirplus", "read-4k", "read-4k:wait=sleep", "write-4k", "read-128k", "read-1m",
    "write-1m", "read-4k-direct", "beside-reads", "beside-fsync", "inodes:count=15000", "idle",
  ]

  private let templates: [DaemonTemplate]
  private let rounds: Int
  private let directory: String
  private let share: String
  private let files: BenchFiles
  private let interruption: Interruption
  private var bench: Bench
  private var running: [RunningDaemon] = []

  /// Makes a share in `directory`.
  ///
  /// - Throws: A failure if that cannot be, or none of the back-ends is there.
  init(
    templates: [DaemonTemplate], directory: String, rounds: Int, settings: BenchSettings
  ) throws(ToolError) {
    self.rounds = rounds
    var present: [DaemonTemplate] = []
    for template in templates {
      if !template.isBuiltIn || HostPaths.isProgram(template.arguments[0]) {
        present.append(template)
      } else {
        let line = "virtiofsctl: \(template.name) is left out: no \(template.arguments[0])\n"
        // Without standard error there is nobody to tell.
        try? Descriptor.standardError.writeWhole(line)
      }
    }
    guard !present.isEmpty else { throw .failure("none of the back-ends is installed") }
    self.templates = present
    interruption = try Interruption.bySignal()
    do throws(Errno) {
      self.directory = try HostPaths.makeTemporaryDirectory("\(directory)/virtiofsctl-")
      share = self.directory + "/share"
    } catch {
      throw .failure("cannot make a directory in \(directory): \(error)")
    }
    do throws(ToolError) {
      do throws(Errno) {
        try HostPaths.makeDirectory(share)
      } catch {
        throw .failure("cannot make \(share): \(error)")
      }
      files = try BenchFiles(share: share, dataByteCount: settings.dataByteCount)
    } catch {
      HostPaths.removeTree(self.directory)
      throw error
    }
    bench = Bench(settings: settings, files: files, interruption: interruption)
  }

  /// Removes everything, and ends what still runs.
  mutating func cleanUp() {
    bench.end()
    stopDaemons()
    HostPaths.removeTree(directory)
  }

  /// Measures one workload with new daemons, and ends them.
  mutating func measure(_ workload: Workload) throws(ToolError) -> Measurement {
    let measurement = try start(workload)
    bench.end()
    stopDaemons()
    return measurement
  }

  private mutating func start(_ workload: Workload) throws(ToolError) -> Measurement {
    try bench.makeFiles(workload)
    var sessions: [BenchSession] = []
    var series: [Series] = []
    var absent: [Series] = []
    for (number, template) in templates.enumerated() {
      var one = Series(name: template.name)
      do throws(ToolError) {
        let session = try start(template, number: number, workload, &one)
        sessions.append(session)
        series.append(one)
      } catch {
        try interruption.check()
        guard template.isBuiltIn, templates.count > 1 else { throw error }
        one.failure = error.message
        absent.append(one)
      }
    }
    guard !sessions.isEmpty else {
      throw .failure(absent.first?.failure ?? "no back-end could be started")
    }
    var measurement = try bench.measure(workload, rounds: rounds, sessions, series)
    measurement.series += absent
    return measurement
  }

  private mutating func start(
    _ template: DaemonTemplate, number: Int, _ workload: Workload, _ series: inout Series
  ) throws(ToolError) -> BenchSession {
    let socket = "\(directory)/\(number).socket"
    var starts: [Double] = []
    // One start says little, and where nothing else is measured there is time for more.
    for _ in 1..<(workload.base == .idle ? max(rounds, 1) : 1) {
      let daemon = try launch(template, number: number, socket: socket, workload)
      starts.append(Double(daemon.startNanoseconds))
      daemon.end()
    }
    let daemon = try launch(template, number: number, socket: socket, workload)
    starts.append(Double(daemon.startNanoseconds))
    running.append(daemon)
    series.startNanoseconds = Spread(starts).map { Int($0.median) }
    return try BenchSession(
      name: template.name, number: number, socket: socket, process: daemon.process.id,
      queueCount: workload.queueCount, files: files, settings: bench.settings,
      interruption: interruption)
  }

  private func launch(
    _ template: DaemonTemplate, number: Int, socket: String, _ workload: Workload
  ) throws(ToolError) -> RunningDaemon {
    try RunningDaemon(
      template, socket: socket, share: share, queueCount: workload.queueCount,
      logPath: "\(directory)/\(number).log",
      settings: bench.settings, interruption: interruption)
  }

  /// The sessions are gone by now, so the daemons end by themselves.
  private mutating func stopDaemons() {
    for daemon in running { daemon.stop() }
    running = []
  }
}
