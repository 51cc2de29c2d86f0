internal import ArgumentParser

/// What is logged, and where.
struct LoggingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Log this and what is more severe.", valueName: "level"))
  var logLevel: LogLevel = .info

  @Flag(help: "Log to syslog instead of standard error.")
  var syslog = false

  init() {}
}
