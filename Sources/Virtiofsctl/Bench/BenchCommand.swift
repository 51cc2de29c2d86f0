internal import ArgumentParser
internal import Linux

/// `virtiofsctl bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure back-ends by a front-end of its own.",
    subcommands: [BenchRunCommand.self, BenchCompareCommand.self, BenchGoalsCommand.self],
    defaultSubcommand: BenchRunCommand.self)

  /// The end of the help texts: what can be measured.
  static var workloadList: String {
    let entries = WorkloadCatalog.entries.map { entry in
      let name = entry.workload.name
      let blanks = String(repeating: " ", count: max(1, 18 - name.count))
      return "  \(name)\(blanks)\(entry.summary) (depth \(entry.workload.depth))"
    }
    return """
      WORKLOADS, each as NAME[:KEY=VALUE,...]:
      \(entries.joined(separator: "\n"))

      Keys: depth (operations at once on a queue), queues (each with a thread), block and segment \
      (bytes), think (time between a reply and the next request, such as 20us), wait (spin or \
      sleep until called), count.

      Exit codes: 0; 1 if an operation failed or data was wrong; 2 if it could not be measured; 64 \
      for a wrong command line.
      """
  }
}

/// `virtiofsctl bench run`, or `virtiofsctl bench` alone.
struct BenchRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Measure a back-end that runs (the default form).",
    discussion: """
      Connects as a VMM does, makes its files in a directory of its own in the share and removes \
      them in the end. What is read is checked; WRITEs are looked for on the host.

      \(BenchCommand.workloadList)
      """)

  @Option(help: ArgumentHelp("The back-end's vhost-user socket.", valueName: "path"))
  var socket: String?

  @Option(help: ArgumentHelp("The directory that it serves.", valueName: "dir"))
  var sharedDir: String?

  @Option(
    help: ArgumentHelp(
      "The back-end's process, if the socket was made by another one.", valueName: "number"))
  var pid: Int32?

  @Flag(help: "Measure what bench itself costs, with a device that does nothing; no back-end.")
  var selfTest = false

  @Flag(help: "Measure what the kernel's own calls cost here (in --shared-dir, or /var/tmp).")
  var kernel = false

  @OptionGroup var options: BenchOptions

  @Argument(help: ArgumentHelp("What to measure. Default: the first dozen.", valueName: "workload"))
  var workloads: [String] = []

  mutating func run() throws {
    guard options.svg == nil else {
      throw ToolError.usage("--svg draws what is compared: it goes with 'bench compare'")
    }
    if selfTest {
      let settings = try options.settings(threadCount: 1)
      try BenchSelfTest.run(settings, isJSON: options.json)
      return
    }
    if kernel {
      let settings = try options.settings(threadCount: 1)
      try KernelCosts.run(settings, directory: sharedDir ?? "/var/tmp", isJSON: options.json)
      return
    }
    guard let socket, let sharedDir else {
      throw ToolError.usage("--socket and --shared-dir are needed; or 'bench compare'")
    }
    let names = workloads.isEmpty ? Self.defaultWorkloads : workloads
    var chosen: [Workload] = []
    for name in names { chosen.append(try WorkloadCatalog.parse(name)) }
    let queueCount = chosen.map(\.queueCount).max() ?? 1
    var settings = try options.settings(threadCount: queueCount)
    settings.daemonProcessors = nil
    let interruption = try Interruption.bySignal()
    let files = try BenchFiles(share: sharedDir, dataByteCount: settings.dataByteCount)
    defer { files.remove() }
    let session = try BenchSession(
      name: "the back-end", number: 0, socket: socket, process: pid, queueCount: queueCount,
      files: files, settings: settings, interruption: interruption)
    var bench = Bench(settings: settings, files: files, interruption: interruption)
    defer { bench.end() }
    var measurements: [Measurement] = []
    for workload in chosen {
      let series = [Series(name: "back-end")]
      let measurement = try bench.measure(workload, rounds: options.rounds, [session], series)
      bench.end()
      try options.write(measurement, base: nil, isFirst: measurements.isEmpty)
      measurements.append(measurement)
      try session.endWorkload()
    }
    try options.write(BenchReport(measurements: measurements, base: nil))
    try Bench.judge(measurements)
  }

  private static let defaultWorkloads = [
    "getattr:depth=1", "getattr", "lookup", "lookup-negative", "open", "small-files", "create",
    "readdirplus", "getxattr", "read-4k", "write-4k", "read-1m", "write-1m",
  ]
}

/// `virtiofsctl bench compare`.
struct BenchCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Start several back-ends and measure them by turns.",
    discussion: """
      Each workload is measured in rounds, one back-end after the other in each round, so that \
      what else the machine does meets all alike: trust the ratios, which are those of rounds side \
      by side (median, least and greatest), more than the figures. Every workload gets new daemons.

      A back-end is NAME=COMMAND with {socket} and {share} in it ({share,,} doubles its commas, \
      {queues} is the number of request queues), or one of \
      \(DaemonTemplate.builtInNames.joined(separator: ", ")). One of these that is not installed \
      is named and left out. The first is the base unless --base names another: its figures are \
      divided by the others'.

      \(BenchCommand.workloadList)
      """)

  @Argument(help: ArgumentHelp("What to compare.", valueName: "back-end"))
  var backends: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("What to measure; again for more.", valueName: "workload"))
  var workload: [String] = []

  @Option(help: ArgumentHelp("The back-end whose figures are divided.", valueName: "name"))
  var base: String?

  @OptionGroup var place: BenchPlace

  @OptionGroup var options: BenchOptions

  mutating func run() throws {
    var templates: [DaemonTemplate] = []
    for text in backends { templates.append(try DaemonTemplate.parse(text)) }
    guard Set(templates.map(\.name)).count == templates.count else {
      throw ToolError.usage("two back-ends have one name")
    }
    guard options.svg == nil || templates.count > 1 else {
      throw ToolError.usage("--svg draws what is compared: it takes two back-ends")
    }
    let base = base ?? templates[0].name
    guard templates.contains(where: { $0.name == base }) else {
      throw ToolError.usage("--base \(base) is none of the back-ends")
    }
    var chosen: [Workload] = []
    for name in workload.isEmpty ? Comparison.defaultWorkloads : workload {
      chosen.append(try WorkloadCatalog.parse(name))
    }
    let settings = try options.settings(threadCount: chosen.map(\.queueCount).max() ?? 1)
    var comparison = try Comparison(
      templates: templates, directory: place.directory, rounds: options.rounds, settings: settings)
    defer { comparison.cleanUp() }
    var measurements: [Measurement] = []
    for workload in chosen {
      let measurement = try comparison.measure(workload)
      try options.write(measurement, base: base, isFirst: measurements.isEmpty)
      measurements.append(measurement)
    }
    try options.write(BenchReport(measurements: measurements, base: base))
    try Bench.judge(measurements)
  }
}
