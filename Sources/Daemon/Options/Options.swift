internal import ArgumentParser
internal import Linux
internal import Passthrough

/// What the daemon is asked to do, as it stands on the command line.
///
/// The names and defaults are the Rust virtiofsd's, so that what starts it starts us; ours come on
/// top. Each option is declared once, in the group of its subject, and nowhere else.
struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swift-virtiofsd",
    abstract: "Gives a virtual machine a host directory as a virtio-fs device (vhost-user).",
    usage: """
      swift-virtiofsd --shared-dir <directory> (--socket-path <path> | --fd <number>) [<options>]
      """,
    discussion: """
      Accepted as well: -o with a comma list of the options' older names (-o source=DIR,xattr), \
      -d for --log-level=debug, and, since they ask for what is done anyway, -f \
      and --seccomp=none. --print-capabilities describes the program to a \
      launcher as JSON and exits.
      """,
    version: programVersion)

  /// The program's name and version.
  static let programVersion = "swift-virtiofsd 0.1.0"

  @OptionGroup(title: "Share") var share: ShareOptions
  @OptionGroup(title: "Connection") var connection: ConnectionOptions
  @OptionGroup(title: "Threads and I/O") var service: ServiceOptions
  @OptionGroup(title: "Confinement") var confinement: ConfinementOptions
  @OptionGroup(title: "Logging") var logging: LoggingOptions
  @OptionGroup(title: "Capture") var tracing: TraceOptions

  init() {}

  /// Refuses what the groups cannot see alone.
  func validate() throws {
    guard share.inodeFileHandles != .never,
      confinement.modcaps?.removed.contains(.dacReadSearch) == true
    else { return }
    throw ValidationError(
      "--modcaps=-dac_read_search leaves no way to open file handles; "
        + "add --inode-file-handles=never")
  }
}
