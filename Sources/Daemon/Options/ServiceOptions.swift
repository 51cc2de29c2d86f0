internal import ArgumentParser

/// How many threads serve, and how they wait for files.
struct ServiceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "At most this many threads for calls that block; 0: as needed, up to 8.",
      valueName: "count"))
  var threadPoolSize = 0

  @Option(
    help: ArgumentHelp(
      "Offer the guest this many request queues (default: one per CPU, up to 8).",
      valueName: "count"))
  var numRequestQueues: Int?

  @Option(
    help: ArgumentHelp(
      "Look for requests at most this long before sleeping, as far as that pays; 0: 2 us.",
      valueName: "microseconds"))
  var pollUs = 50

  @Option(help: ArgumentHelp("How files are read and written.", valueName: "engine"))
  var ioEngine = IOEngine.auto

  @Option(
    help: ArgumentHelp(
      "Open at most this many files (default: 1000000, or what the system allows; 0: leave it).",
      valueName: "count"))
  var rlimitNofile: UInt64?

  init() {}

  /// Refuses counts that no device has.
  func validate() throws {
    guard (0...1024).contains(threadPoolSize) else {
      throw ValidationError("--thread-pool-size=\(threadPoolSize): give a number from 0 to 1024")
    }
    if let rlimitNofile, rlimitNofile != 0, rlimitNofile < Self.leastOpenFiles {
      throw ValidationError(
        "--rlimit-nofile=\(rlimitNofile): give at least \(Self.leastOpenFiles), or 0 to leave it")
    }
    if let numRequestQueues, !(1...63).contains(numRequestQueues) {
      throw ValidationError("--num-request-queues=\(numRequestQueues): give a number from 1 to 63")
    }
    guard (0...Self.mostPollMicroseconds).contains(pollUs) else {
      throw ValidationError(
        "--poll-us=\(pollUs): give a number from 0 to \(Self.mostPollMicroseconds)")
    }
  }

  /// Beyond a millisecond a sleep costs next to nothing.
  private static let mostPollMicroseconds = 1000

  /// With fewer a device of one queue does not start.
  private static let leastOpenFiles: UInt64 = 64

  /// How many threads for calls that block there may be.
  var workerLimit: Int {
    threadPoolSize == 0 ? 8 : threadPoolSize
  }

  /// How many request queues to offer on a host that gives us `cpuCount` processors.
  func requestQueueCount(cpuCount: Int) -> Int {
    numRequestQueues ?? min(max(cpuCount, 1), 8)
  }
}

/// How files are read and written.
package enum IOEngine: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// io_uring if the kernel lets us, otherwise threads; said once in the log.
  case auto
  /// io_uring; the daemon does not start where it is refused.
  case uring
  /// Threads.
  case sync
}
