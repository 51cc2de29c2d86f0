internal import ArgumentParser
internal import Passthrough

/// What is shared, and how: what `Passthrough.Configuration` is made of.
struct ShareOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Share this directory.", valueName: "directory"))
  var sharedDir: String?

  @Option(help: ArgumentHelp("What the guest may cache.", valueName: "mode"))
  var cache = Self.defaults.cache

  @Flag(inversion: .prefixedNo, help: "Serve extended attributes.")
  var xattr = Self.defaults.allowsExtendedAttributes

  @Flag(help: "Let the guest change nothing.")
  var readonly = Self.defaults.isReadOnly

  @Flag(
    inversion: .prefixedNo, help: "Open files with O_DIRECT where the guest asks for it.")
  var allowDirectIo = Self.defaults.allowsDirectIO

  @Flag(help: "Let the guest map files that it may not cache (cache never and metadata).")
  var allowMmap = Self.defaults.allowsMapping

  @Flag(inversion: .prefixedNo, help: "List directories with attributes (off with cache never).")
  var readdirplus = Self.defaults.offersReaddirplus

  @Flag(inversion: .prefixedNo, help: "Let mounts inside the share be mounts in the guest, too.")
  var announceSubmounts = Self.defaults.announcesMounts

  @Flag(
    help: "Let a file that is seen through several mounts be one file; announces no mounts.")
  var unifyMounts = Self.defaults.unifiesMounts

  @Flag(
    inversion: .prefixedNo,
    help: "Clear set-user-ID and set-group-ID bits here, not in the guest.")
  var killprivV2 = Self.defaults.killsPrivileges

  @Option(
    help: ArgumentHelp("Know files by file handle, not by open file.", valueName: "mode"))
  var inodeFileHandles = Self.defaults.fileHandles

  @Option(
    help: ArgumentHelp(
      "Hold at most this many files open that could be found by handle (default: a quarter of what "
        + "may be open, up to 65536; 0: none).", valueName: "count"))
  var pinLimit: Int?

  /// The only place where the defaults stand.
  private static let defaults = Configuration()

  init() {}

  /// Refuses a directory without a name.
  func validate() throws {
    if let sharedDir, sharedDir.isEmpty {
      throw ValidationError("--shared-dir needs a directory")
    }
    if let pinLimit, pinLimit < 0 {
      throw ValidationError("--pin-limit=\(pinLimit): give a number from 0 on")
    }
  }
}

// The values are declared with what they mean; here they only become words of the command line.
extension CachePolicy: ExpressibleByArgument {}
extension FileHandleMode: ExpressibleByArgument {}

extension Configuration {
  /// What `options` ask for on a host with `facts`, with `descriptorLimit` files that the process
  /// may have open.
  init(_ options: ShareOptions, descriptorLimit: UInt64, facts: HostFacts) {
    self.init()
    cache = options.cache
    fileHandles = options.inodeFileHandles
    allowsExtendedAttributes = options.xattr
    isReadOnly = options.readonly
    allowsDirectIO = options.allowDirectIo
    allowsMapping = options.allowMmap
    offersReaddirplus = options.readdirplus
    announcesMounts = options.announceSubmounts
    unifiesMounts = options.unifyMounts
    killsPrivileges = options.killprivV2
    descriptorBudget = Self.descriptorBudget(limit: descriptorLimit)
    // The rest is for files that the guest opens, and for those without a handle.
    pinLimit = min(
      options.pinLimit ?? pinLimit, descriptorBudget / (options.pinLimit == nil ? 4 : 2))
    // The other half is for the user's other programs.
    if let all = facts.userWatchLimit { watchLimit = all / 2 }
  }

  /// How many of `limit` descriptors the guest may use up.
  ///
  /// Kept back is what the daemon itself needs: up to eight for each of at most 64 vrings (its
  /// ring, its events, what the front-end gives and replaces), and as many again for the rest.
  private static func descriptorBudget(limit: UInt64) -> Int {
    let reserve: UInt64 = 1024
    return Int(clamping: limit > 2 * reserve ? limit - reserve : limit / 2)
  }
}
