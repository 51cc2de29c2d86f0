/// What the operator chose for a share.
///
/// The daemon's options fill it in; the defaults that stand here are the only ones.
package struct Configuration: Sendable {
  /// How long the guest may trust what it has seen (`--cache`).
  package var cache = CachePolicy.auto
  /// How files are found again that are not held open (`--inode-file-handles`).
  package var fileHandles = FileHandleMode.prefer
  /// Whether extended attributes are served (`--xattr`); if not, the guest is told to stop asking.
  package var allowsExtendedAttributes = false
  /// Whether everything that would change the share fails with EROFS (`--readonly`).
  package var isReadOnly = false
  /// Whether `O_DIRECT` reaches the host's files (`--allow-direct-io`).
  package var allowsDirectIO = false
  /// Whether files that bypass the guest's page cache may still be mapped shared (`--allow-mmap`).
  package var allowsMapping = false
  /// Whether entries are read together with their attributes (`--no-readdirplus` clears it).
  package var offersReaddirplus = true
  /// Whether the guest is told where other mounts begin, so that they are mounts there, too
  /// (`--no-announce-submounts` clears it).
  package var announcesMounts = true
  /// Whether a file that is seen through several mounts of its file system is one file to the guest
  /// (`--unify-mounts`); such mounts are not announced.
  package var unifiesMounts = false
  /// Whether the host clears set-id bits and capabilities on behalf of the guest
  /// (`--killpriv-v2`).
  package var killsPrivileges = false
  /// How many descriptors the guest may make us hold, for nodes and open files together; beyond it
  /// the guest gets ENFILE.
  package var descriptorBudget = 1_000_000
  /// How many files that could be found by handle are held open nevertheless, because the guest
  /// asks for them often; they count in `descriptorBudget`.
  package var pinLimit = 65_536
  /// How many files may be known by an inotify watch, of which the user's other programs need some,
  /// too; half of what early kernels allow.
  package var watchLimit = 4096
  /// How many files the guest may have open; beyond it ENFILE.
  package var maximumOpenFileCount = 1_000_000
  /// How many nodes the guest may know, at some hundred bytes each; beyond it ENFILE.
  package var maximumNodeCount = 16_000_000

  /// The defaults.
  package init() {}
}

/// How files are found again that are not held open; the names are those of
/// `--inode-file-handles`.
package enum FileHandleMode: String, CaseIterable, Sendable {
  /// Never by file handle: each node holds an `O_PATH` descriptor.
  case never
  /// By file handle where the file system makes them, by descriptor elsewhere.
  case prefer
  /// Only by file handle: what has none cannot be looked up.
  case mandatory
}
