package import Linux
internal import Passthrough

/// Where the front-end is met.
package enum Endpoint: Equatable, Sendable {
  /// A socket to create; members of the group may connect, too.
  case path(String, group: String?)
  /// An inherited socket, listening or connected.
  case descriptor(Int32)
}

/// What the daemon does beyond serving files; the files' part is `Passthrough.Configuration`.
package struct DaemonConfiguration: Sendable {
  /// The directory to share, as given.
  package var sharedDirectory: String
  /// Where the front-end is met.
  package var endpoint: Endpoint
  /// The device's tag; nil leaves the configuration space to the front-end.
  package var tag: String?
  /// How many threads for calls that block there may be, at least 1.
  package var workerLimit: Int
  /// How many request queues are offered, 1 to 63.
  package var requestQueueCount: Int
  /// How long a queue's thread looks for work before it sleeps, at most, in microseconds; nil for
  /// not at all.
  package var pollMicroseconds: Int?
  /// How files are read and written.
  package var engine: IOEngine
  /// How the daemon keeps out of the rest of the host; never `namespace`.
  package var sandbox: SandboxMode
  /// What to keep and to drop beyond the usual capabilities.
  package var capabilityChanges: CapabilityChanges?
  /// Whether files are opened by handle, which needs CAP_DAC_READ_SEARCH.
  package var opensFileHandles: Bool
  /// How many files may be open; nil for the default, 0 to leave the limit alone.
  package var openFileLimit: UInt64?
  /// How grave a line must be to be logged.
  package var logLevel: LogLevel
  /// Whether lines go to the system log instead of standard error.
  package var logsToSyslog: Bool
  /// Where requests are recorded; nil for nowhere.
  package var capture: CaptureOptions?
}

/// What the options' defaults depend on.
package struct HostFacts: Sendable {
  /// Whether the effective user is root.
  package var isRoot: Bool
  /// How many processors this process may run on.
  package var cpuCount: Int
  /// How many processors the machine has.
  package var machineCPUCount: Int
  /// How many inotify watches a user may have, if that is known.
  package var userWatchLimit: Int?

  package init(
    isRoot: Bool, cpuCount: Int, machineCPUCount: Int, userWatchLimit: Int? = nil
  ) {
    self.isRoot = isRoot
    self.cpuCount = cpuCount
    self.machineCPUCount = machineCPUCount
    self.userWatchLimit = userWatchLimit
  }
}

extension DaemonConfiguration {
  /// What `options` ask for on a host with `facts`.
  ///
  /// - Throws: A usage error for what is missing, or not for this user.
  init(_ options: Options, facts: HostFacts) throws(StartupError) {
    guard let directory = options.share.sharedDir else {
      throw .usage("no directory to share: give --shared-dir=DIRECTORY")
    }
    guard let endpoint = options.connection.endpoint else {
      throw .usage("no socket: give --socket-path=PATH or --fd=NUMBER")
    }
    sharedDirectory = directory
    self.endpoint = endpoint
    tag = options.connection.tag
    workerLimit = options.service.workerLimit
    requestQueueCount = options.service.requestQueueCount(cpuCount: facts.cpuCount)
    // A single processor is the one that work would have to come from.
    pollMicroseconds = facts.machineCPUCount == 1 ? nil : options.service.pollUs
    engine = options.service.ioEngine
    sandbox = options.confinement.sandbox ?? (facts.isRoot ? .chroot : .none)
    capabilityChanges = options.confinement.modcaps
    opensFileHandles = options.share.inodeFileHandles != .never
    openFileLimit = options.service.rlimitNofile
    logLevel = options.logging.logLevel
    logsToSyslog = options.logging.syslog
    capture = options.tracing.capture
    guard sandbox != .chroot || facts.isRoot else {
      throw .usage("--sandbox=chroot needs root; give --sandbox=none")
    }
  }
}
