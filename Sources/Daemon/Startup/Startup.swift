package import Linux
package import Passthrough
package import Trace

/// What is ready when the file system can be built: the share is open, the socket there, the
/// process confined, and no thread started.
package struct Startup: ~Copyable {
  /// What the operator asked for, except for what is the file system's.
  package let configuration: DaemonConfiguration
  /// The file system's part of the options.
  package let fileSystem: Configuration
  /// Where lines go.
  package let log: Log
  /// The shared directory, opened with `O_PATH`.
  package let root: OwnedDescriptor
  /// `/proc/self/fd`, which may be out of reach by path now.
  package let links: DescriptorLinks
  /// Where the front-end comes in.
  package var entrance: Entrance
  /// What asks the daemon to leave.
  package let signals: SignalDescriptor
  /// Where requests are to be recorded.
  package var capture: CaptureFile?

  /// Gets everything ready, in the order in which each step still can.
  ///
  /// - Parameter arguments: What `options` were read from.
  /// - Throws: What is in the way, and what to do about it.
  init(_ options: Options, arguments: [String]) throws(StartupError) {
    let facts = HostFacts(
      isRoot: OwnProcess.isRoot, cpuCount: OwnProcess.cpuCount,
      machineCPUCount: Processors.onlineCount, userWatchLimit: InodeWatches.userLimit)
    SystemClock.learnTimeZone()
    let configuration = try DaemonConfiguration(options, facts: facts)
    if configuration.logsToSyslog { Syslog.open(as: "swift-virtiofsd") }
    let log = Log(level: configuration.logLevel, toSyslog: configuration.logsToSyslog)
    let root = try Self.openShare(configuration.sharedDirectory)
    let signals = try Self.blockSignals()
    let links = try Self.openLinks()
    let limit = try Confinement.limitOpenFiles(configuration.openFileLimit, log: log)
    let capture = try Capture.open(
      configuration, arguments: arguments, root: root.borrowed, log: log)
    let entrance = try Entrance(configuration.endpoint)
    OwnProcess.clearModeMask()
    try Confinement.enterSandbox(configuration, root: root.borrowed)
    try Confinement.dropCapabilities(configuration, log: log)
    fileSystem = Configuration(options.share, descriptorLimit: limit, facts: facts)
    self.configuration = configuration
    self.log = log
    self.root = root
    self.signals = signals
    self.links = links
    self.entrance = entrance
    self.capture = capture
  }

  /// Lets the signals that end the daemon come by descriptor.
  private static func blockSignals() throws(StartupError) -> SignalDescriptor {
    do throws(Errno) {
      return try SignalDescriptor()
    } catch {
      throw .failure("cannot wait for signals: \(error)")
    }
  }

  /// Opens `/proc/self/fd`.
  private static func openLinks() throws(StartupError) -> DescriptorLinks {
    do throws(Errno) {
      return try DescriptorLinks()
    } catch {
      throw .failure("cannot open /proc/self/fd: \(error); mount /proc")
    }
  }

  /// Opens the shared directory.
  private static func openShare(_ path: String) throws(StartupError) -> OwnedDescriptor {
    do throws(Errno) {
      return try Descriptor.directory(at: path)
    } catch .noEntry {
      throw .failure("there is no \(path); create it or choose another --shared-dir")
    } catch .notDirectory {
      throw .failure("\(path) is not a directory; choose another --shared-dir")
    } catch {
      throw .failure("cannot open \(path): \(error); choose another --shared-dir")
    }
  }
}
