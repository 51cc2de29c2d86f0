internal import ArgumentParser

/// What a command line asks for.
enum Invocation {
  /// To write this to standard output and leave.
  case text(String)
  /// To serve.
  case serve(Options)

  /// What `--print-capabilities` answers: `docs/interop/vhost-user.json` of QEMU, with libvirt's
  /// feature for options that are given one by one.
  static let capabilities = #"{"type":"fs","features":["separate-options"]}"#

  /// Reads `arguments`, the command's name left out.
  ///
  /// - Throws: A usage error of one line.
  init(_ arguments: [String]) throws(StartupError) {
    guard !arguments.contains("--print-capabilities") else {
      self = .text(Self.capabilities)
      return
    }
    let canonical = try CompatibleArguments(arguments).canonical
    do {
      self = .serve(try Options.parse(canonical))
    } catch {
      guard Options.exitCode(for: error) == .success else {
        throw .usage(Self.oneLine(Options.message(for: error)))
      }
      self = .text(Options.fullMessage(for: error))
    }
  }

  /// `message` with its line breaks and their indentation as single spaces.
  private static func oneLine(_ message: String) -> String {
    message.split(separator: "\n")
      .map { $0.drop { $0 == " " } }
      .joined(separator: " ")
  }
}
