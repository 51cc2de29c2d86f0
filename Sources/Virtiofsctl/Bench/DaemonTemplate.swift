internal import Linux

/// How a back-end is started: a name, and a command line with `{socket}` and `{share}`.
struct DaemonTemplate: Equatable, Sendable {
  /// What the user calls it.
  var name: String
  /// The program and its arguments.
  var arguments: [String]
  /// Whether it is one of ours by name: one that is absent is left out rather than fatal.
  var isBuiltIn = false

  /// The command line.
  ///
  /// `{share,,}` is the share with its commas doubled, as lists after `-o` want it; `{queues}` how
  /// many request queues are needed.
  func commandLine(socket: String, share: String, queueCount: Int = 1) -> [String] {
    arguments.map {
      $0.replacing("{socket}", with: socket).replacing("{queues}", with: String(queueCount))
        .replacing("{share,,}", with: share.replacing(",", with: ",,"))
        .replacing("{share}", with: share)
    }
  }

  /// What `NAME=TEMPLATE`, or the name of a built-in one, means.
  ///
  /// - Throws: A usage error that says what is wrong.
  static func parse(_ text: String) throws(ToolError) -> DaemonTemplate {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if sides.count == 1 {
      guard let builtIn = builtIn(text) else {
        throw .usage(
          "there is no back-end '\(text)'; there are \(builtInNames.joined(separator: ", ")), "
            + "and NAME='COMMAND --socket-path={socket} --shared-dir={share}'")
      }
      return builtIn
    }
    let arguments = words(String(sides[1]))
    guard !sides[0].isEmpty, !arguments.isEmpty else {
      throw .usage("'\(text)' is not NAME=COMMAND")
    }
    for placeholder in ["{socket}", "{share"] {
      guard sides[1].contains(placeholder) else {
        throw .usage("the command of '\(sides[0])' does not say where \(placeholder)... belongs")
      }
    }
    return DaemonTemplate(name: String(sides[0]), arguments: arguments)
  }

  /// The names of the built-in ones.
  static let builtInNames = [
    "ours", "ours-poll0", "ours-traced", "ours-sync", "ours-fd", "c", "rust", "rust-handles",
    "rust-pool64",
  ]

  private static func builtIn(_ name: String) -> DaemonTemplate? {
    let arguments: [String]
    switch name {
    case "ours": arguments = ours
    case "ours-poll0": arguments = ours + ["--poll-us=0"]
    case "ours-traced": arguments = ours + ["--trace={socket}.pcapng"]
    case "ours-sync": arguments = ours + ["--io-engine=sync"]
    case "ours-fd": arguments = ours + ["--inode-file-handles=never"]
    case "c":
      // A pool of threads is killed by its own filter of system calls on Debian 12.
      arguments = [
        "/usr/lib/qemu/virtiofsd", "--socket-path={socket}", "--thread-pool-size=0", "-f",
        "-o", "source={share,,}", "-o", "sandbox=chroot", "-o", "cache=auto", "-o", "xattr",
        "-o", "allow_direct_io",
      ]
    case "rust":
      arguments = rust + ["--thread-pool-size=0", "--inode-file-handles=never"]
    case "rust-handles":
      arguments = rust + ["--thread-pool-size=0", "--inode-file-handles=prefer"]
    case "rust-pool64":
      arguments = rust + ["--thread-pool-size=64", "--inode-file-handles=never"]
    default: return nil
    }
    return DaemonTemplate(name: name, arguments: arguments, isBuiltIn: true)
  }

  private static var sandbox: String {
    OwnProcess.isRoot ? "--sandbox=chroot" : "--sandbox=none"
  }

  private static var common: [String] {
    [
      "--socket-path={socket}", "--shared-dir={share}", sandbox, "--cache=auto", "--xattr",
      "--allow-direct-io",
    ]
  }

  /// Our daemon, beside this program.
  private static var ours: [String] {
    ["\(ownDirectory)/swift-virtiofsd"] + common + ["--num-request-queues={queues}"]
  }

  /// The Rust virtiofsd: as `qemu/lib/rust-virtiofsd` has unpacked it, else as it is installed.
  private static var rust: [String] {
    for base in [ownDirectory + "/../..", ".build"] {
      let peer = "\(base)/guests/peers/rust"
      let libraries = "\(peer)/usr/lib/x86_64-linux-gnu"
      let loader = "\(libraries)/ld-linux-x86-64.so.2"
      if HostPaths.isProgram(loader) {
        return [loader, "--library-path", libraries, "\(peer)/usr/libexec/virtiofsd"] + common
      }
    }
    return ["/usr/libexec/virtiofsd"] + common
  }

  private static var ownDirectory: String {
    let path = (try? HostPaths.target(ofLink: "/proc/self/exe")) ?? ""
    return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
  }

  /// The words of a command, parted at blanks outside of quotes.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in text {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character == " " {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}

/// A back-end that we have started.
final class RunningDaemon {
  let process: SpawnedProcess
  /// How long it took until its socket was there, in nanoseconds.
  let startNanoseconds: Int
  private let logPath: String

  /// Starts `template` and waits until its socket listens.
  ///
  /// - Throws: A failure with the last line that it has said.
  init(
    _ template: DaemonTemplate, socket: String, share: String, queueCount: Int, logPath: String,
    settings: BenchSettings, interruption: Interruption
  ) throws(ToolError) {
    self.logPath = logPath
    let begin = SystemClock.nanoseconds
    let previous = Processors.allowed
    do throws(Errno) {
      // It inherits the processors, and its threads do from it.
      if let processors = settings.daemonProcessors { try Processors.keep(0, to: processors) }
      defer { try? Processors.keep(0, to: previous) }
      process = try SpawnedProcess(
        template.commandLine(socket: socket, share: share, queueCount: queueCount),
        outputPath: logPath)
    } catch {
      throw .failure("cannot start \(template.name) (\(template.arguments[0])): \(error)")
    }
    let deadline = begin + settings.timeoutSeconds * 1_000_000_000
    while !Self.isListening(socket) {
      try interruption.check()
      guard process.exitCode() == nil, SystemClock.nanoseconds < deadline else {
        process.kill()
        _ = process.wait(milliseconds: 5000)
        throw .failure("\(template.name) does not listen; it said: \(Self.lastLine(logPath))")
      }
      SystemClock.sleep(milliseconds: 1)
    }
    startNanoseconds = SystemClock.nanoseconds - begin
  }

  /// Ends the back-end, whose connection must be closed by now.
  func stop() {
    if process.wait(milliseconds: 1000) { return }
    end()
  }

  /// Ends the back-end, which nobody has connected to.
  func end() {
    process.terminate()
    if process.wait(milliseconds: 2000) { return }
    process.kill()
    _ = process.wait(milliseconds: 5000)
  }

  /// What it said last.
  var lastWords: String { Self.lastLine(logPath) }

  private static func lastLine(_ path: String) -> String {
    let text = (try? HostPaths.text(path)) ?? ""
    return text.split(separator: "\n").last.map(String.init) ?? "nothing"
  }

  /// Whether a socket at `path` listens, without connecting: a back-end takes one connection.
  private static func isListening(_ path: String) -> Bool {
    guard let text = try? HostPaths.text("/proc/net/unix") else { return false }
    // Num RefCount Protocol Flags Type St Inode Path; flag 00010000 is __SO_ACCEPTCON.
    return text.split(separator: "\n").contains { line in
      let fields = line.split(separator: " ")
      return fields.count == 8 && fields[7] == path && fields[3] == "00010000"
    }
  }
}
