internal import CLinux

/// Numbers for the kernel's inodes, as long as they are asked for: one `inotify(7)` instance.
///
/// An instance has one watch for an inode, however often and through whatever name it is added, so
/// two open files are one file to the kernel just if their watches have one number. A number is not
/// given again before two thousand million others. What happens to the files is not read: the
/// kernel bounds what waits.
package final class InodeWatches: Sendable {
  private let instance: OwnedDescriptor
  /// Whether the links of descriptors have a path.
  private let isLinkReachable: Bool

  /// An instance without watches.
  ///
  /// - Throws: `EMFILE` if the user has too many instances.
  package init(_ links: borrowing DescriptorLinks) throws(Errno) {
    let number = try attempt { inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK)) }
    isLinkReachable = links.isDirectory(at: PathName("/proc/self/fd"))
    instance = OwnedDescriptor(taking: number)
  }

  /// The number of the file's watch, which is added if there is none.
  ///
  /// The call takes nothing but a path. Where `/proc` is out of reach the links become the working
  /// directory, and stay it: threads that may not have one of their own all want this one, as
  /// `ExtendedAttributeRoute.currentDirectory` does, and to go back would be in another's way.
  ///
  /// - Throws: `ENOSPC` if the user has too many watches, `EACCES` if the file may not be read.
  package func add(
    _ file: Descriptor, _ links: borrowing DescriptorLinks
  ) throws(Errno) -> Int32 {
    #if DEBUG
      try FaultyCall.watch.checkFault(file, PathName(""))
    #endif
    let instance = instance.borrowed.rawValue
    // Some event has to be chosen: one that comes once.
    let events = UInt32(IN_DELETE_SELF)
    // SAFETY: `withName` gives a terminated string that outlives the calls.
    return try unsafe links.withName(of: file) { (name) throws(Errno) in
      if isLinkReachable {
        let path = unsafe "/proc/self/fd/\(String(cString: name))"
        return try attempt { unsafe inotify_add_watch(instance, path, events) }
      }
      _ = try attempt { fchdir(links.number) }
      return try attempt { unsafe inotify_add_watch(instance, name, events) }
    }
  }

  /// Removes a watch, unless it has gone with its file.
  package func remove(_ number: Int32) {
    _ = inotify_rm_watch(instance.borrowed.rawValue, number)
  }
}

extension InodeWatches {
  /// How many watches a user of this host may have, all programs together; nil if `/proc` does not
  /// tell.
  package static var userLimit: Int? {
    let text = try? HostPaths.text("/proc/sys/fs/inotify/max_user_watches")
    return text.flatMap { Int($0.prefix { $0.isNumber }) }
  }
}

extension DescriptorLinks {
  /// Whether `path` leads to the directory of the links.
  fileprivate borrowing func isDirectory(at path: borrowing PathName) -> Bool {
    guard let other = try? Descriptor.currentDirectory.status(of: path),
      let own = try? Descriptor(rawValue: number).status()
    else { return false }
    return other.inode == own.inode && other.device == own.device
  }
}
