internal import CLinux

/// What this process is and may do, as asked while it starts.
package enum OwnProcess {
  /// Whether the effective user is root.
  package static var isRoot: Bool { geteuid() == 0 }

  /// How many processors this process may run on, at least 1.
  package static var cpuCount: Int {
    Processors.allowed.count
  }

  /// Ends the process.
  package static func exit(_ code: Int32) -> Never {
    CLinux.exit(code)
  }

  /// The number of the group `name`, which may be a number already; nil if there is none.
  package static func group(named name: String) -> UInt32? {
    // SAFETY: one thread runs while the daemon starts, and the result is read at once.
    let entry = unsafe name.withCString { unsafe getgrnam($0) }
    guard let entry = unsafe entry else { return UInt32(name) }
    return unsafe entry.pointee.gr_gid
  }

  /// Lets the modes that a guest gives pass whole: the guest has applied its own mask.
  package static func clearModeMask() {
    umask(0)
  }

  /// Lets go of the pages of code and constants that are mapped; what is used comes back from the
  /// page cache, some microseconds for each 64 KiB.
  ///
  /// A debugger's breakpoints go with their pages: set them after this.
  package static func giveBackCode() {
    swift_give_back_code()
  }

  /// Makes `directory` the root and the current directory: chroot(2).
  package static func changeRoot(to directory: Descriptor) throws(Errno) {
    _ = try attempt { fchdir(directory.rawValue) }
    // SAFETY: the path is a constant.
    _ = try attempt { unsafe chroot(".") }
    _ = try attempt { unsafe chdir("/") }
  }

  /// Makes writing to a pipe or socket that nobody reads an error of the call (`EPIPE`) in place of
  /// the end of the process; children inherit it.
  package static func ignoreBrokenPipes() {
    swift_ignore_signal(SIGPIPE)
  }

  /// Ends the process without any more ado: `_exit(2)`.
  package static func exitAtOnce(_ code: Int32) -> Never {
    _exit(code)
  }
}
