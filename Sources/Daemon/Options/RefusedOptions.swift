/// Options of the other virtiofsds that a later version brings; refused by name until then.
///
/// A launcher that asks for POSIX ACLs or a different user must not get a share without them.
enum RefusedOptions {
  /// The long names, without dashes, and what each waits for.
  private static let reasons: [String: String] = [
    "posix-acl": "POSIX access control lists are not served yet",
    "security-label": "security labels are not set on new files yet",
    "xattrmap": "extended attributes are not renamed yet",
    "writeback": "the guest's write-back cache is not supported yet",
    "preserve-noatime": "O_NOATIME is not passed on yet",
    "posix-lock": "locks are not shared between guests yet",
    "flock": "locks are not shared between guests yet",
    "seccomp": "system calls are not filtered yet (--seccomp=none is accepted)",
    "uid-map": "there is no user namespace yet",
    "gid-map": "there is no user namespace yet",
    "translate-uid": "user ids are not translated yet",
    "translate-gid": "group ids are not translated yet",
    "migration-mode": "live migration is not supported yet",
    "migration-on-error": "live migration is not supported yet",
    "migration-verify-handles": "live migration is not supported yet",
    "migration-confirm-paths": "live migration is not supported yet",
    "timeout": "the cache times follow --cache",
    "max-idle-threads": "threads follow --thread-pool-size",
    "allow-root": "whoever the guest's kernel lets in is served",
    "daemonize": "the daemon stays in the foreground; let the service manager start it",
  ]

  /// The long names, without dashes.
  static var names: [String] { reasons.keys.sorted() }

  /// Values of those options that ask for what is done anyway.
  private static let settled: Set<String> = [
    "--seccomp=none", "--posix-acl=never", "--security-label=never",
    "--no-posix-acl", "--no-security-label", "--no-writeback", "--no-posix-lock", "--no-flock",
    "--foreground",
  ]

  /// Whether `argument` (`--name` or `--name=value`) asks for what is done anyway.
  static func isSettled(_ argument: String) -> Bool {
    settled.contains(argument)
  }

  /// Why `argument` (`--name` or `--name=value`), written as `spelling`, is refused; nil if not.
  static func refusal(of argument: String, spelling: String) -> StartupError? {
    let name = argument.dropFirst(2).prefix { $0 != "=" }
    guard argument.hasPrefix("--"), let reason = reasons[String(name)] else { return nil }
    return .usage("\(spelling) is not supported: \(reason); leave it out")
  }
}
