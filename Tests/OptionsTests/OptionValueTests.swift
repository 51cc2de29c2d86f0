import Linux
import Passthrough
import TestSupport
import Testing

@testable import Daemon

/// What each option does to what the daemon takes.
@Suite struct OptionValueTests {
  @Test func defaultsAreTheRustDaemonsWhereItHasThem() throws {
    let (daemon, share) = try configured(least)
    #expect(daemon.sharedDirectory == "/srv")
    #expect(daemon.endpoint == .descriptor(3))
    #expect(daemon.tag == nil)
    #expect(daemon.logLevel == .info)
    #expect(!daemon.logsToSyslog)
    #expect(daemon.capabilityChanges == nil)
    #expect(daemon.openFileLimit == nil)
    #expect(share.cache == .auto)
    #expect(share.fileHandles == .prefer)
    #expect(!share.allowsExtendedAttributes)
    #expect(!share.isReadOnly)
    #expect(!share.allowsDirectIO)
    #expect(!share.allowsMapping)
    #expect(share.offersReaddirplus)
    #expect(!share.killsPrivileges)
  }

  @Test func ourDefaultsFollowTheHost() throws {
    let small = try configured(
      least, facts: HostFacts(isRoot: false, cpuCount: 2, machineCPUCount: 2)
    ).daemon
    #expect(small.sandbox == .none)
    #expect(small.requestQueueCount == 2)
    let large = try configured(
      least, facts: HostFacts(isRoot: true, cpuCount: 64, machineCPUCount: 64)
    ).daemon
    #expect(large.sandbox == .chroot)
    #expect(large.requestQueueCount == 8)
    #expect(large.workerLimit == 8)
    #expect(large.engine == .auto)
    #expect(large.pollMicroseconds == 50)
    let single = HostFacts(isRoot: true, cpuCount: 1, machineCPUCount: 1)
    #expect(try configured(least + ["--poll-us=40"], facts: single).daemon.pollMicroseconds == nil)
    let bound = HostFacts(isRoot: true, cpuCount: 1, machineCPUCount: 2)
    #expect(try configured(least + ["--poll-us=40"], facts: bound).daemon.pollMicroseconds == 40)
  }

  @Test func optionsOfTheShareReachTheFileSystem() throws {
    let share = try configured(
      least + [
        "--cache=metadata", "--xattr", "--readonly", "--allow-direct-io", "--allow-mmap",
        "--no-readdirplus", "--killpriv-v2", "--inode-file-handles=mandatory",
      ]
    ).share
    #expect(share.cache == .metadata)
    #expect(share.allowsExtendedAttributes)
    #expect(share.isReadOnly)
    #expect(share.allowsDirectIO)
    #expect(share.allowsMapping)
    #expect(!share.offersReaddirplus)
    #expect(share.killsPrivileges)
    #expect(share.fileHandles == .mandatory)
  }

  @Test(arguments: CachePolicy.allCases)
  func cachePoliciesAreKnownByName(_ policy: CachePolicy) throws {
    #expect(try configured(least + ["--cache", policy.rawValue]).share.cache == policy)
  }

  @Test(arguments: FileHandleMode.allCases)
  func fileHandleModesAreKnownByName(_ mode: FileHandleMode) throws {
    let share = try configured(least + ["--inode-file-handles=\(mode.rawValue)"]).share
    #expect(share.fileHandles == mode)
  }

  @Test func optionsOfTheDaemonReachIt() throws {
    let daemon = try configured([
      "--shared-dir", ".", "--socket-path", "/run/a.sock", "--socket-group=kvm", "--tag", "mytag",
      "--thread-pool-size", "3", "--num-request-queues=5", "--io-engine=sync",
      "--poll-us=7", "--rlimit-nofile=1024", "--sandbox=none", "--modcaps=+sys_admin:-mknod",
      "--log-level=trace", "--syslog",
    ]).daemon
    #expect(daemon.sharedDirectory == ".")
    #expect(daemon.endpoint == .path("/run/a.sock", group: "kvm"))
    #expect(daemon.tag == "mytag")
    #expect(daemon.workerLimit == 3)
    #expect(daemon.requestQueueCount == 5)
    #expect(daemon.engine == .sync)
    #expect(daemon.pollMicroseconds == 7)
    #expect(daemon.openFileLimit == 1024)
    #expect(daemon.sandbox == .none)
    #expect(daemon.capabilityChanges?.removed == .makeNode)
    #expect(daemon.capabilityChanges?.added.names == ["sys_admin"])
    #expect(daemon.logLevel == .trace)
    #expect(daemon.logsToSyslog)
  }

  @Test(arguments: LogLevel.allCases)
  func logLevelsAreKnownByName(_ level: LogLevel) throws {
    #expect(try configured(least + ["--log-level=\(level.rawValue)"]).daemon.logLevel == level)
  }

  @Test(arguments: IOEngine.allCases)
  func enginesAreKnownByName(_ engine: IOEngine) throws {
    #expect(try configured(least + ["--io-engine=\(engine.rawValue)"]).daemon.engine == engine)
  }

  @Test func theLastOfTwoCounts() throws {
    let (daemon, share) = try configured(
      least + [
        "--cache=never", "--cache=always", "--xattr", "--no-xattr", "--no-readdirplus",
        "--readdirplus", "--killpriv-v2", "--no-killpriv-v2", "--log-level=off", "-d",
        "--shared-dir=/other",
      ])
    #expect(share.cache == .always)
    #expect(!share.allowsExtendedAttributes)
    #expect(share.offersReaddirplus)
    #expect(!share.killsPrivileges)
    #expect(daemon.logLevel == .debug)
    #expect(daemon.sharedDirectory == "/other")
  }

  @Test func tagsMayHaveThirtySixBytes() throws {
    let tag = String(repeating: "t", count: 36)
    #expect(try configured(least + ["--tag=\(tag)"]).daemon.tag == tag)
    #expect(refusal(least + ["--tag=\(tag)t"])?.exitCode == 64)
  }

  @Test func fileHandlesAreWhatCapabilitiesFollow() throws {
    #expect(try configured(least).daemon.opensFileHandles)
    #expect(try !configured(least + ["--inode-file-handles=never"]).daemon.opensFileHandles)
  }

  @Test func theGuestsDescriptorsLeaveRoomForOurs() throws {
    guard case .serve(let options) = try Invocation(least) else {
      Issue.record("not asked to serve")
      return
    }
    let facts = HostFacts(isRoot: true, cpuCount: 1, machineCPUCount: 1)
    let budgets = [100, 512, 1024, 1_000_000].map {
      Configuration(options.share, descriptorLimit: $0, facts: facts).descriptorBudget
    }
    #expect(budgets == [50, 256, 512, 998_976])
  }

  @Test func theGuestsWatchesLeaveAsManyToOtherPrograms() throws {
    let limits = try [8192, 1, nil].map { limit in
      let facts = HostFacts(isRoot: true, cpuCount: 1, machineCPUCount: 1, userWatchLimit: limit)
      return try configured(least, facts: facts).share.watchLimit
    }
    #expect(limits == [4096, 0, 4096])
    let text = try hostReadText("/proc/sys/fs/inotify/max_user_watches")
    #expect(try #require(InodeWatches.userLimit).description == text.dropLast())
  }
}
