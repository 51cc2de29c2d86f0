internal import Linux

/// How serving ended.
package enum Ending: Equatable, Sendable {
  /// The front-end has left.
  case disconnected
  /// A signal asked for it, before or after the front-end came.
  case stopped
}

/// The life of the daemon, from its command line to its exit code: 0, 1 for what the host cannot
/// do, 64 for a wrong option.
///
/// - Parameter arguments: The command line without the command's name.
package func run(_ arguments: [String]) -> Int32 {
  do throws(StartupError) {
    // Without /dev/null there is nothing to open instead.
    try? Descriptor.openStandardStreams()
    switch try Invocation(arguments) {
    case .text(let text):
      try? Descriptor.standardOutput.writeWhole(text.hasSuffix("\n") ? text : text + "\n")
    case .serve(let options): try serve(options, arguments: arguments)
    }
    return 0
  } catch {
    try? Descriptor.standardError.writeWhole("swift-virtiofsd: error: \(error.message)\n")
    return error.exitCode
  }
}

/// Serves until the front-end leaves or a signal comes.
private func serve(_ options: Options, arguments: [String]) throws(StartupError) {
  let startup = try Startup(options, arguments: arguments)
  let log = startup.log
  switch try serve(startup) {
  case .disconnected: log.information("Client disconnected, shutting down")
  case .stopped: log.information("Stopped by a signal, shutting down")
  }
}
