internal import ArgumentParser

/// `virtiofsctl trace`: what there is to know of a capture.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Looks into captures, as swift-virtiofsd --trace FILE writes them.",
    subcommands: [TraceShow.self, TraceStat.self])
}
