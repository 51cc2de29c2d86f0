internal import ArgumentParser
internal import Linux

/// What the daemon gives up before it serves.
struct ConfinementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep out of the rest of the host (default: chroot for root, none otherwise).",
      valueName: "mode"))
  var sandbox: SandboxMode?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Keep (+) or drop (-) these capabilities, too: +sys_admin:-mknod.", valueName: "list"),
    transform: Self.capabilityChanges)
  var modcaps: CapabilityChanges?

  init() {}

  /// Parses the value of `--modcaps`.
  private static func capabilityChanges(_ list: String) throws -> CapabilityChanges {
    do {
      return try CapabilityChanges(parsing: list)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// Refuses the sandbox that is not there yet.
  func validate() throws {
    guard sandbox != .namespace else {
      throw ValidationError(
        "--sandbox=namespace is not supported yet; give --sandbox=chroot (as root) or none")
    }
  }
}

/// How the daemon keeps out of the rest of the host.
package enum SandboxMode: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// Only by resolving each name beneath the share.
  case none
  /// The share becomes the root directory.
  case chroot
  /// The peers' default, refused until it exists.
  case namespace

  package static var allValueStrings: [String] { [none.rawValue, chroot.rawValue] }
}
