import Linux
import Passthrough
import Testing

@testable import Daemon

/// The older spellings, which some launchers still use.
@Suite struct CompatibilityTests {
  @Test func listsAreOptions() throws {
    let (daemon, share) = try configured([
      "--fd=3", "-o",
      "source=/srv,cache=none,xattr,no_readdirplus,allow_direct_io,killpriv_v2,sandbox=chroot",
      "-o", "modcaps=+sys_admin,loglevel=err",
    ])
    #expect(daemon.sharedDirectory == "/srv")
    #expect(daemon.sandbox == .chroot)
    #expect(daemon.logLevel == .error)
    #expect(daemon.capabilityChanges?.added.names == ["sys_admin"])
    #expect(share.cache == .never)
    #expect(share.allowsExtendedAttributes)
    #expect(!share.offersReaddirplus)
    #expect(share.allowsDirectIO)
    #expect(share.killsPrivileges)
  }

  @Test func doubledCommasAreCommas() throws {
    let daemon = try configured(["--fd=3", "-o", "source=/a,,b=c,,,xattr"]).daemon
    #expect(daemon.sharedDirectory == "/a,b=c,")
    let share = try configured(["--fd=3", "-osource=/a,xattr"]).share
    #expect(share.allowsExtendedAttributes)
  }

  @Test func theLastOfTwoCountsWhateverItsSpelling() throws {
    let late = try configured(["--fd=3", "--xattr", "-o", "source=/a,no_xattr", "--cache=never"])
    #expect(!late.share.allowsExtendedAttributes)
    let early = try configured(["--fd=3", "-o", "source=/a,no_xattr,cache=always", "--xattr"])
    #expect(early.share.allowsExtendedAttributes)
    #expect(early.share.cache == .always)
  }

  @Test(arguments: [
    "-f", "--no-announce-submounts", "--seccomp=none", "--posix-acl=never",
    "--security-label=never",
  ])
  func whatIsDoneAnywayIsAccepted(_ argument: String) {
    #expect(refusal(least + [argument]) == nil)
  }

  @Test(arguments: [
    "no_posix_lock", "no_flock", "no_writeback", "no_posix_acl", "no_security_label",
    "no_announce_submounts", "announce_submounts", "no_xattr", "no_killpriv_v2",
    "no_allow_direct_io", "readdirplus",
    "debug", "log_level=warn", "",
  ])
  func oldFlagsAreAccepted(_ item: String) {
    #expect(refusal(least + ["-o", item]) == nil)
  }

  @Test func modeMayFollowSeccompAsItsOwnArgument() {
    #expect(refusal(least + ["--seccomp", "none", "--xattr"]) == nil)
    #expect(refusal(least + ["--seccomp", "kill"])?.exitCode == 64)
  }

  @Test func oldNameOfTheSocketIsKnown() throws {
    let place = Endpoint.path("/s", group: nil)
    #expect(try configured(["--shared-dir=/", "--socket=/s"]).daemon.endpoint == place)
    #expect(try configured(["--shared-dir=/", "--socket", "/s"]).daemon.endpoint == place)
  }

  @Test(arguments: ["frob", "source", "source=", "xattr=1", "no_frob", "no_cache=auto", "fd=3"])
  func unknownItemsOfListsAreNamed(_ item: String) {
    let key = item.prefix { $0 != "=" }
    #expect(refusal(least + ["-o", item]) == .usage("-o \(key): no such option; see --help"))
  }

  @Test func listMustBeThere() {
    #expect(refusal(least + ["-o"]) == .usage("-o needs a list of options"))
  }

  @Test func textIsGivenWhateverElseIsAsked() throws {
    for arguments in [
      ["--posix-acl", "--help"], ["-V", "--xattrmap", "x"], ["-h", "-o", "frob"],
    ] {
      guard case .text = try Invocation(arguments) else {
        Issue.record("\(arguments) asks for text")
        return
      }
    }
  }
}
