internal import ArgumentParser
internal import Linux
internal import Trace

/// `virtiofsctl trace stat`: how many requests there were and how long they took.
struct TraceStat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stat",
    abstract: "Counts the requests of a capture and tells how long they took.",
    discussion: """
      Latency is the time from the daemon's taking a request out of the ring to its putting the \
      reply there. Request bytes are those that the device read, reply bytes those that it wrote, \
      headers included.
      """)

  @Argument(help: ArgumentHelp("The capture.", valueName: "file"))
  var file: String

  @Option(
    help: ArgumentHelp("Describe so many of the slowest requests, 0 to 1000.", valueName: "n"))
  var slowest = 10

  @Option(
    help: ArgumentHelp(
      "Write a picture of latency over time (SVG) to this file.", valueName: "file"))
  var svg: String?

  @Flag(help: "Write one JSON object in place of tables.")
  var json = false

  func validate() throws {
    guard (0...1000).contains(slowest) else { throw ValidationError("--slowest is 0 to 1000.") }
    guard svg != file else { throw ValidationError("--svg names the capture itself.") }
  }

  func run() throws {
    var output = StandardOutput()
    var capture = try CaptureReading(path: file)
    var statistics = CaptureStatistics()
    var slowest = SlowestExchanges(count: slowest, isJSON: json)
    var plot = svg == nil ? nil : LatencyPlot()
    while let item = capture.next() {
      guard case .exchange(let exchange) = item else { continue }
      statistics.add(exchange)
      slowest.add(exchange, startTime: capture.startTime ?? 0)
      plot?.add(exchange, startTime: capture.startTime ?? 0)
    }
    statistics.finish()
    capture.endProgress()
    // A file that is no capture has nothing to tell but that.
    if capture.startTime != nil {
      let report = StatisticsReport(
        file: file, application: capture.application, start: capture.startTime ?? 0,
        end: capture.endTime, droppedCount: capture.droppedCount, isCut: capture.isCut,
        statistics: statistics, slowest: slowest.values)
      try output.write(json ? report.json.text + "\n" : report.text)
      try output.flush()
      if let svg, let plot { try write(plot.svg(title: file), to: svg) }
    }
    try capture.finish()
  }

  private func write(_ picture: String, to path: String) throws(ToolError) {
    do throws(Errno) {
      let file = try Descriptor.createFile(path: path)
      try file.borrowed.writeWhole(picture)
    } catch {
      throw .failure("cannot write \(path): \(error)")
    }
  }
}
