internal import ArgumentParser
internal import Linux

/// `virtiofsctl mount`.
struct MountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract: "Attaches a back-end to this host's own kernel, without a virtual machine.",
    discussion: """
      Stays in the foreground and says in one line when the share is mounted. Ends with status 0 \
      when the share is unmounted (umount), or after SIGINT, SIGTERM or SIGHUP, which unmount it. \
      A back-end that goes away, does not answer or breaks the protocol ends it with status 1: \
      who waits for the share then gets ENOTCONN, and nothing stays mounted. Status 2: the mount \
      could not be made.
      """)

  @Option(help: ArgumentHelp("The socket that the back-end listens on.", valueName: "path"))
  var socket: String

  @Argument(help: "The directory to mount on: empty, and no mount point yet.")
  var mountpoint: String

  @Option(
    help: ArgumentHelp(
      "Use at most this many request queues, each with its thread (1...64; default: one per CPU, "
        + "up to 8, and no more than the back-end offers).",
      valueName: "count"))
  var queues: Int?

  @Option(
    help: ArgumentHelp(
      "End the mount when a request is older than so many seconds; 0: wait for ever.",
      valueName: "seconds"))
  var timeout = 60

  @Flag(help: "Mount read-only, as -o ro.")
  var readOnly = false

  @Flag(help: "Mount on a directory that has entries, which are hidden meanwhile.")
  var nonempty = false

  @Option(
    name: .customShort("o"),
    help: ArgumentHelp(
      "Options of mount(8): ro, suid, dev, noexec, sync, dirsync, noatime, nodiratime, "
        + "relatime, strictatime, and their opposites; nosuid and nodev are the default.",
      valueName: "list"))
  var options: [String] = []

  func validate() throws {
    if let queues, !(1...64).contains(queues) {
      throw ValidationError("--queues \(queues): give a number from 1 to 64")
    }
    guard (0...86400).contains(timeout) else {
      throw ValidationError("--timeout \(timeout): give seconds from 0 to 86400")
    }
    _ = try flags()
  }

  func run() throws {
    let point = try MountPoint(mountpoint, allowsEntries: nonempty)
    let attachment = try Attachment(
      AttachmentOptions(
        socket: socket, queueCount: queues ?? min(OwnProcess.cpuCount, 8),
        timeout: .seconds(timeout), flags: try flags()),
      at: point)
    // Who closed standard output does not want to know.
    try? Descriptor.standardOutput.writeWhole(attachment.description + "\n")
    try attachment.serve()
    try? Descriptor.standardOutput.writeWhole("unmounted \(point.path)\n")
  }

  private func flags() throws -> MountFlags {
    var flags: MountFlags = [.noSetID, .noDevices]
    for name in options.flatMap({ $0.split(separator: ",") }) {
      guard let option = MountOption.named(name) else {
        throw ValidationError("-o \(name): no such option; --help has them")
      }
      flags.subtract(option.removed)
      flags.formUnion(option.added)
    }
    if readOnly { flags.insert(.readOnly) }
    return flags
  }
}

/// What an option of `mount(8)` does to the flags.
private struct MountOption {
  var added: MountFlags = []
  var removed: MountFlags = []

  static func named(_ name: Substring) -> MountOption? {
    switch name {
    case "ro": MountOption(added: .readOnly)
    case "rw": MountOption(removed: .readOnly)
    case "suid": MountOption(removed: .noSetID)
    case "nosuid": MountOption(added: .noSetID)
    case "dev": MountOption(removed: .noDevices)
    case "nodev": MountOption(added: .noDevices)
    case "exec": MountOption(removed: .noPrograms)
    case "noexec": MountOption(added: .noPrograms)
    case "sync": MountOption(added: .synchronous)
    case "async": MountOption(removed: .synchronous)
    case "dirsync": MountOption(added: .synchronousDirectories)
    case "atime": MountOption(removed: .noAccessTimes)
    case "noatime": MountOption(added: .noAccessTimes)
    case "diratime": MountOption(removed: .noDirectoryAccessTimes)
    case "nodiratime": MountOption(added: .noDirectoryAccessTimes)
    case "relatime": MountOption(added: .relativeAccessTimes)
    case "strictatime": MountOption(added: .strictAccessTimes)
    default: nil
    }
  }
}
