internal import ArgumentParser
internal import Linux

/// `virtiofsctl`: the commands around the daemon.
struct Tool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virtiofsctl",
    abstract: "Looks into and drives vhost-user-fs back-ends.",
    version: "virtiofsctl 0.1.0",
    subcommands: [
      BenchCommand.self,
      MountCommand.self,
      ReplayCommand.self,
      TraceCommand.self,
    ])
}

/// Does what the process's command line asks for, and ends the process if that fails.
package func run() {
  do {
    var command = try Tool.parseAsRoot()
    try command.run()
  } catch let error as ToolError {
    // Without standard error the exit code has to say it.
    try? Descriptor.standardError.writeWhole("virtiofsctl: error: \(error.message)\n")
    OwnProcess.exit(error.exitCode)
  } catch {
    Tool.exit(withError: error)
  }
}
