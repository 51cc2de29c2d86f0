internal import ArgumentParser

/// Where the front-end connects, and what it may ask of the device's configuration.
struct ConnectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Create this socket and wait for a front-end.", valueName: "path"))
  var socketPath: String?

  @Option(
    help: ArgumentHelp(
      "Use this inherited socket, listening or connected, instead.", valueName: "number"))
  var fd: Int32?

  @Option(
    help: ArgumentHelp("Let this group connect to the socket, too.", valueName: "name"))
  var socketGroup: String?

  @Option(
    help: ArgumentHelp(
      "Answer for the device's configuration, with this tag (at most 36 bytes).",
      discussion: "Only for front-ends that do not have a tag of their own; QEMU has.",
      valueName: "name"))
  var tag: String?

  init() {}

  /// Refuses two endpoints and tags that do not fit.
  func validate() throws {
    if socketPath != nil, fd != nil {
      throw ValidationError("--socket-path and --fd exclude each other; give one of them")
    }
    if let fd, fd < 0 {
      throw ValidationError("--fd=\(fd): a descriptor's number is not negative")
    }
    if fd != nil, socketGroup != nil {
      throw ValidationError(
        "--socket-group needs --socket-path: with --fd the socket exists already")
    }
    if let socketPath, socketPath.isEmpty {
      throw ValidationError("--socket-path needs a path")
    }
    if let tag, !(1...36).contains(tag.utf8.count) {
      throw ValidationError(
        "--tag takes 1 to 36 bytes, and '\(tag)' has \(tag.utf8.count); choose a shorter one")
    }
  }

  /// Where the front-end is to be met; nil if that is not said.
  var endpoint: Endpoint? {
    if let socketPath { return .path(socketPath, group: socketGroup) }
    return fd.map { .descriptor($0) }
  }
}
