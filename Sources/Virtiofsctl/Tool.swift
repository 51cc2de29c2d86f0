internal import ArgumentParser

/// `virtiofsctl`: the commands around the daemon.
///
/// The later versions bring them; until then it has its help and its version.
struct Tool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virtiofsctl",
    abstract: "Looks into and drives vhost-user-fs back-ends.",
    discussion: "This version has no commands yet.",
    version: "virtiofsctl 0.1.0")
}

/// Does what the process's command line asks for, and ends the process if that fails.
package func run() {
  Tool.main()
}
