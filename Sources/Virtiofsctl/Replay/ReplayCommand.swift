internal import ArgumentParser
internal import Frontend
internal import Linux
internal import Trace

/// `virtiofsctl replay`: plays a capture, or makes the share that it can be played on.
struct ReplayCommand: ParsableCommand {
  /// At which times requests are sent.
  enum Speed: String, ExpressibleByArgument, CaseIterable {
    case recorded
    case max
  }

  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Plays a capture against a back-end and compares the replies.",
    discussion: """
      A request is sent when the replies that came before it in the capture have come. Numbers of \
      nodes, handles and places in directories are translated. Times, inode numbers, free space \
      and what else may rightly differ is not compared.

      Exit codes: 0 all replies are as recorded, 1 some differ, 2 it could not be played.
      """)

  @Argument(help: "The capture: what swift-virtiofsd --trace has written.")
  var trace: String

  @Option(help: "The socket on which the back-end listens.")
  var socket: String?

  @Option(help: "Build a share in this directory, empty or new, on which the capture can run.")
  var prepare: String?

  @Flag(
    help: ArgumentHelp(
      "With --prepare: also make set-user-ID programs, devices and security.* and trusted.* "
        + "attributes. Only for captures that you trust."))
  var privileged = false

  @Option(help: "Send each request as soon as its order allows, or at its recorded time, too.")
  var speed: Speed = .max

  @Option(
    help: ArgumentHelp(
      "The most requests in flight. Above what was recorded, only requests that touch the same "
        + "files keep their order.", valueName: "requests"))
  var depth: Int?

  @Option(
    help: ArgumentHelp(
      "How long the back-end may take for a request.", valueName: "seconds"))
  var timeout: Double = 30

  @Flag(help: "Print the result as one JSON object.")
  var json = false

  @Option(help: "How many differences to print in full.")
  var differences: Int = 10

  func validate() throws {
    guard socket != nil || prepare != nil else {
      throw ValidationError("Give --socket to play the capture, or --prepare to build a share.")
    }
    guard socket == nil || prepare == nil else {
      throw ValidationError(
        "--prepare comes first; then start a back-end on the directory and give its --socket.")
    }
    guard prepare != nil || !privileged else {
      throw ValidationError("--privileged goes with --prepare.")
    }
    guard depth.map({ (1...65_536).contains($0) }) ?? true else {
      throw ValidationError("--depth must be between 1 and 65536.")
    }
    guard timeout > 0, timeout <= 86_400 else {
      throw ValidationError("--timeout must be more than 0 and at most 86400 seconds.")
    }
    guard (0...1_000_000).contains(differences) else {
      throw ValidationError("--differences must be between 0 and 1000000.")
    }
  }

  func run() throws {
    let recording = try Self.load(trace)
    guard !recording.steps.isEmpty else { throw ToolError.failure("\(trace) has no requests") }
    if let prepare {
      try makeShare(recording, in: prepare)
    } else if let socket {
      try play(recording, on: socket)
    }
  }

  /// A capture lies in memory while it is played, which takes up to seven times its messages and
  /// data: no more of those than this.
  private static let mostBytes = 1 << 30

  /// Reads a capture.
  static func load(_ path: String) throws(ToolError) -> Recording {
    var records: [TraceRecord] = []
    var byteCount = 0
    var cutOffset: UInt64?
    var progress = Progress()
    defer { progress.end() }
    do throws(TraceError) {
      var reader = try TraceReader(path: path)
      while byteCount <= mostBytes, let record = try reader.next() {
        byteCount += record.message.count + record.data.count + 256
        records.append(record)
        progress.show { "\(Quantities.count(records.count)) records read" }
      }
      cutOffset = reader.cutOffset
    } catch {
      throw .failure("\(error)")
    }
    guard byteCount <= mostBytes else {
      throw .failure(
        "\(path) holds more than \(Quantities.bytes(Double(mostBytes))) of messages and data; "
          + "cut it into parts with editcap -c")
    }
    var recording = try RecordingBuilder.build(records)
    recording.cutOffset = cutOffset
    return recording
  }

  private func makeShare(_ recording: Recording, in path: String) throws(ToolError) {
    let share = NamespaceModel.build(recording)
    var report = try ShareBuilder.build(share, at: path, isPrivileged: privileged)
    report.cutOffset = recording.cutOffset
    write(json ? report.json.text + "\n" : report.text(path: path))
  }

  private func play(_ recording: Recording, on socket: String) throws {
    let patience = Duration.milliseconds(Int64(timeout * 1000))
    var options = DeviceOptions()
    options.requestQueueCount = min(recording.requestQueueCount, 16)
    options.acceptsFewerQueues = true
    options.queueSize = 256
    options.timeout = patience
    let device: GuestDevice
    do throws(FrontEndError) {
      options.memory = try GuestRAM(byteCount: 1 << 30)
      device = try GuestDevice(path: socket, options: options)
    } catch {
      throw ToolError.failure(Self.words(error, socket: socket, timeout: patience))
    }
    let player = Player(
      recording, device,
      ReplayOptions(
        keepsTimes: speed == .recorded, depth: depth, timeout: patience,
        mostDifferences: differences),
      isQuiet: false)
    try player.run()
    let report = ReplayReport(trace: trace, recording: recording, result: player.result)
    write(json ? report.json.text + "\n" : report.text)
    guard player.result.isEqual else { throw ExitCode(1) }
  }

  private static func words(
    _ error: FrontEndError, socket: String, timeout: Duration
  ) -> String {
    switch error {
    case .system(.noEntry): "there is no socket \(socket); start the back-end first"
    case .system(.connectionRefused): "nobody listens on \(socket); start the back-end first"
    case .system(let error): "cannot attach to \(socket): \(error)"
    case _: "cannot attach to \(socket): " + Player.words(error, timeout: timeout)
    }
  }

  private func write(_ text: String) {
    // Who closed standard output does not want to read this.
    try? Descriptor.standardOutput.writeWhole(text)
  }
}
