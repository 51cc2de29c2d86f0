import Linux
import Testing

@testable import Daemon

/// What is refused, and with which line.
@Suite struct RefusalTests {
  /// Each option of the peers that a later version brings, as it is written, and what it waits for.
  @Test(arguments: [
    ("--posix-acl", "POSIX access control lists are not served yet"),
    ("--posix-acl=auto", "POSIX access control lists are not served yet"),
    ("--security-label", "security labels are not set on new files yet"),
    ("--xattrmap=:map::user.virtiofs.:", "extended attributes are not renamed yet"),
    ("--writeback", "the guest's write-back cache is not supported yet"),
    ("--preserve-noatime", "O_NOATIME is not passed on yet"),
    ("--uid-map=:0:1000:1:", "there is no user namespace yet"),
    ("--gid-map=:0:1000:1:", "there is no user namespace yet"),
    ("--translate-uid=map:0:1000:1", "user ids are not translated yet"),
    ("--translate-gid=map:0:1000:1", "group ids are not translated yet"),
    ("--migration-mode=find-paths", "live migration is not supported yet"),
    ("--migration-on-error=abort", "live migration is not supported yet"),
    ("--migration-verify-handles", "live migration is not supported yet"),
    ("--migration-confirm-paths", "live migration is not supported yet"),
    ("--daemonize", "the daemon stays in the foreground; let the service manager start it"),
  ])
  func optionsOfLaterVersionsAreRefusedByName(_ option: String, reason: String) {
    #expect(
      refusal(least + [option]) == .usage("\(option) is not supported: \(reason); leave it out"))
  }

  @Test(arguments: ["kill", "log", "trap"])
  func filtersAreRefusedByName(_ mode: String) {
    let line =
      "--seccomp=\(mode) is not supported: system calls are not filtered yet "
      + "(--seccomp=none is accepted); leave it out"
    #expect(refusal(least + ["--seccomp=\(mode)"]) == .usage(line))
  }

  @Test(arguments: [
    "posix_lock", "flock", "writeback", "posix_acl", "security_label",
    "timeout=3", "max_idle_threads=4", "allow_root", "xattrmap=x",
  ])
  func itemsOfListsAreRefusedByName(_ item: String) throws {
    let error = try #require(refusal(least + ["-o", item]))
    let key = item.prefix { $0 != "=" }
    #expect(error.exitCode == 64)
    #expect(error.message.hasPrefix("-o \(key) is not supported: "))
  }

  /// Wrong values and combinations, and the whole line.
  @Test(arguments: [
    (
      ["--sandbox=namespace"],
      "--sandbox=namespace is not supported yet; give --sandbox=chroot (as root) or none"
    ),
    (
      ["--socket-path=/s"],
      "--socket-path and --fd exclude each other; give one of them"
    ),
    (
      ["--socket-group=kvm"],
      "--socket-group needs --socket-path: with --fd the socket exists already"
    ),
    (["--fd=-1"], "--fd=-1: a descriptor's number is not negative"),
    (["--thread-pool-size=1025"], "--thread-pool-size=1025: give a number from 0 to 1024"),
    (["--thread-pool-size=-1"], "--thread-pool-size=-1: give a number from 0 to 1024"),
    (["--num-request-queues=0"], "--num-request-queues=0: give a number from 1 to 63"),
    (["--num-request-queues=64"], "--num-request-queues=64: give a number from 1 to 63"),
    (["--poll-us=1001"], "--poll-us=1001: give a number from 0 to 1000"),
    (["--poll-us=-1"], "--poll-us=-1: give a number from 0 to 1000"),
    (["--frobnicate"], "Unknown option '--frobnicate'"),
    (["stray"], "Unexpected argument 'stray'"),
    (["--cache"], "Missing value for '--cache <mode>'"),
    (
      ["--cache=fast"],
      "The value 'fast' is invalid for '--cache <mode>'. "
        + "Please provide one of 'auto', 'always', 'never' or 'metadata'."
    ),
    (
      ["--modcaps=mknod"],
      "The value 'mknod' is invalid for '--modcaps <list>': "
        + "'mknod' must be +name or -name, several with a colon between: +sys_admin:-mknod"
    ),
    (
      ["--modcaps=-dac_read_search"],
      "--modcaps=-dac_read_search leaves no way to open file handles; "
        + "add --inode-file-handles=never"
    ),
  ])
  func wrongOptionsAreUsageErrors(_ options: [String], line: String) {
    #expect(refusal(least + options) == .usage(line))
  }

  @Test func whatIsMissingIsAskedFor() {
    #expect(
      refusal(["--fd=3"]) == .usage("no directory to share: give --shared-dir=DIRECTORY"))
    #expect(
      refusal(["--shared-dir=/"])
        == .usage("no socket: give --socket-path=PATH or --fd=NUMBER"))
  }

  @Test func chrootIsForRoot() {
    let user = HostFacts(isRoot: false, cpuCount: 1, machineCPUCount: 1)
    #expect(
      refusal(least + ["--sandbox=chroot"], facts: user)
        == .usage("--sandbox=chroot needs root; give --sandbox=none"))
    #expect(refusal(least, facts: user) == nil)
  }

  @Test(arguments: [
    ["--shared-dir=/", "--log-level=loud", "--fd=3"], ["--io-engine=magic"],
    ["--inode-file-handles=sometimes"], ["--sandbox=jail"], ["--rlimit-nofile=many"],
    ["--num-request-queues=x"],
  ])
  func everyRefusalIsOneLine(_ arguments: [String]) throws {
    let error = try #require(refusal(arguments))
    #expect(error.exitCode == 64)
    #expect(!error.message.isEmpty)
    #expect(!error.message.contains("\n"))
  }
}
