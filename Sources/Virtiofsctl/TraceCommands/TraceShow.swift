internal import ArgumentParser
internal import Linux

/// `virtiofsctl trace show`: a line for each request and what it was answered with.
struct TraceShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows the requests and replies of a capture, in the order of time.",
    discussion: """
      A line holds the time since the beginning in seconds, the vring, the operation, its node and \
      arguments, what it was answered with after '->', and how long that took. Bytes of names that \
      cannot be printed are shown as \\xHH or \\u{...}, and a backslash as two. Lines that begin \
      with '*' after the vring tell what happened between the requests.
      """)

  @Argument(help: ArgumentHelp("The capture.", valueName: "file"))
  var file: String

  @OptionGroup(title: "Filters")
  var filters: FilterOptions

  @Option(help: ArgumentHelp("Show so many lines at most.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Show the time of day (UTC) in place of the time since the beginning.")
  var absolute = false

  @Flag(help: "Write a JSON object for each line, with everything decoded.")
  var json = false

  @Flag(name: [.short, .long], help: "Show everything decoded, in lines below.")
  var verbose = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is 1 or more.") }
  }

  func run() throws {
    var output = StandardOutput()
    // Lines on the terminal and progress on it do not go together.
    var capture = try CaptureReading(path: file, isQuiet: Descriptor.standardOutput.isTerminal)
    var window = TimeWindow<String>()
    var lines = ExchangeLines(
      filter: filters.filter,
      form: json ? .json : .text(isVerbose: verbose, isAbsolute: absolute))
    var rest = limit ?? .max
    while rest > 0, !output.isClosed, let item = capture.next() {
      guard let (time, line) = lines.line(of: item, startTime: capture.startTime ?? 0) else {
        continue
      }
      let ready = window.add(line, time: time, weight: line.utf8.count)
      try write(ready, &rest, &output)
    }
    if rest > 0 { try write(window.removeAll(), &rest, &output) }
    capture.endProgress()
    try output.flush()
    guard !output.isClosed else { return }
    if window.lateCount > 0 {
      capture.note(
        CaptureReading.count(UInt64(window.lateCount), "line stands", "lines stand")
          + " too late: overtaken by tens of thousands of requests")
    }
    try capture.finish()
  }

  private func write(
    _ lines: [String], _ rest: inout Int, _ output: inout StandardOutput
  ) throws(ToolError) {
    for line in lines where rest > 0 && !output.isClosed {
      try output.write(line)
      rest -= 1
    }
  }
}
