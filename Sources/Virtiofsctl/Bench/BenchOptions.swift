internal import ArgumentParser
internal import Linux

/// Where the share is that bench makes for the daemons that it starts.
struct BenchPlace: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the share is made: a directory of the file system to measure on.",
      valueName: "dir"))
  var directory = "/var/tmp"
}

/// The options of both forms of `virtiofsctl bench`.
struct BenchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Rounds of each workload (1 to 1000).", valueName: "number"))
  var rounds = 7

  @Option(help: ArgumentHelp("Length of a round, in seconds.", valueName: "seconds"))
  var seconds = 0.5

  @Option(
    help: ArgumentHelp(
      "Exactly so many operations on each queue make a round, whatever the time; no warm-up.",
      valueName: "number"))
  var operations: Int?

  @Option(
    help: ArgumentHelp(
      "Give a back-end up that has not answered for so long, in seconds.", valueName: "seconds"))
  var timeout = 10

  @Option(
    help: ArgumentHelp(
      "Length of the files for READs and WRITEs: bytes, or with k, m or g.", valueName: "size"))
  var fileSize = "128m"

  @Option(help: ArgumentHelp("Entries of each ring: a power of two.", valueName: "number"))
  var queueSize = 1024

  @Option(
    help: ArgumentHelp(
      """
      Processors, as FRONT-END/BACK-END with lists such as 0/1,2: where the front-end's threads \
      and the daemons that bench starts run. auto: apart if there are two; shared: all on one; \
      none: wherever the kernel puts them.
      """, valueName: "auto|shared|none|lists"))
  var cpus = "auto"

  @Flag(help: "Write JSON rather than tables: every round, in nanoseconds and bytes.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Write a picture of the ratios into this file (compare and goals).", valueName: "file"))
  var svg: String?

  @Flag(help: "No progress on the terminal.")
  var quiet = false

  /// The settings that the options mean.
  ///
  /// - Throws: A usage error that names the option.
  func settings(threadCount: Int) throws(ToolError) -> BenchSettings {
    var settings = BenchSettings()
    guard (1...1000).contains(rounds) else { throw .usage("--rounds is from 1 to 1000") }
    guard seconds >= 0.001, seconds <= 3600 else {
      throw .usage("--seconds is from 0.001 to 3600")
    }
    guard (1...1_000_000_000).contains(operations ?? 1) else {
      throw .usage("--operations is from 1 to 1000000000")
    }
    guard (1...3600).contains(timeout) else { throw .usage("--timeout is from 1 to 3600") }
    guard let size = UserQuantity.bytes(fileSize, 1 << 20...1 << 40), size & (1 << 20 - 1) == 0
    else { throw .usage("--file-size is a multiple of 1m, at least 1m") }
    guard (2...32768).contains(queueSize), queueSize & (queueSize - 1) == 0 else {
      throw .usage("--queue-size is a power of two from 2 to 32768")
    }
    settings.operationCount = operations
    settings.roundNanoseconds = Int(seconds * 1e9)
    settings.warmUpNanoseconds = min(50_000_000, settings.roundNanoseconds / 2)
    settings.timeoutSeconds = timeout
    settings.dataByteCount = size
    settings.queueSize = queueSize
    settings.isQuiet = quiet
    try choose(&settings, threadCount: threadCount)
    return settings
  }

  private func choose(_ settings: inout BenchSettings, threadCount: Int) throws(ToolError) {
    let allowed = Processors.allowed
    switch cpus {
    case "none": break
    case "shared":
      settings.frontEndProcessors = [allowed[0]]
      settings.daemonProcessors = [allowed[0]]
    case "auto":
      guard allowed.count >= 2 else { break }
      let count = min(threadCount, allowed.count - 1)
      settings.frontEndProcessors = Array(allowed[..<count])
      settings.daemonProcessors = Array(allowed[count...])
    default:
      let lists = cpus.split(separator: "/", omittingEmptySubsequences: false)
        .map { list in
          list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        }
      guard lists.count == 2, lists.allSatisfy({ $0.allSatisfy(allowed.contains) }) else {
        throw .usage("--cpus is auto, shared, none, or lists out of \(allowed) such as 0/1")
      }
      settings.frontEndProcessors = lists[0]
      settings.daemonProcessors = lists[1]
    }
  }

  /// Writes a workload's table as soon as it is measured, if tables are wanted.
  ///
  /// - Parameter base: As `BenchReport` has it.
  func write(_ measurement: Measurement, base: String?, isFirst: Bool) throws(ToolError) {
    guard !json else { return }
    let table = BenchReport(measurements: [measurement], base: base).table(measurement)
    try write(isFirst ? table : "\n" + table)
  }

  /// Writes in the end what the options ask for: JSON, the picture.
  func write(_ report: BenchReport) throws(ToolError) {
    if json { try write(report.json.text + "\n") }
    try writePicture(of: report)
  }

  /// Writes the picture, if it is asked for.
  func writePicture(of report: BenchReport) throws(ToolError) {
    guard let svg else { return }
    do throws(Errno) {
      try HostPaths.write(report.picture, to: svg)
    } catch {
      throw .failure("cannot write \(svg): \(error)")
    }
  }

  /// Writes `text` to standard output.
  func write(_ text: String) throws(ToolError) {
    do throws(Errno) {
      try Descriptor.standardOutput.writeWhole(text)
    } catch {
      throw .failure("cannot write the results: \(error)")
    }
  }
}
