internal import CLinux

/// The identity of the calling thread alone.
///
/// POSIX gives a process one identity, and glibc's functions change all threads; for the kernel
/// each thread has its own, which the system calls themselves change.
package enum ThreadIdentity {
  /// The effective user id, by which files are created and permissions checked.
  package static var user: UInt32 { geteuid() }

  /// The effective group id.
  package static var group: UInt32 { getegid() }

  /// Sets the effective (and with it the file system) user id.
  ///
  /// Leaving 0 clears the effective capabilities, coming back to 0 sets them to the permitted.
  ///
  /// - Throws: `EPERM` without CAP_SETUID; `EINVAL` for an id that the user namespace does not map,
  ///   and for -1, which the system call takes as "unchanged".
  package static func setUser(_ uid: UInt32) throws(Errno) {
    guard uid != unchanged else { throw .invalidArgument }
    _ = try attempt { swift_thread_setresuid(unchanged, uid, unchanged) }
  }

  /// Sets the effective (and with it the file system) group id.
  ///
  /// - Throws: As `setUser`.
  package static func setGroup(_ gid: UInt32) throws(Errno) {
    guard gid != unchanged else { throw .invalidArgument }
    _ = try attempt { swift_thread_setresgid(unchanged, gid, unchanged) }
  }

  /// The supplementary groups.
  package static func supplementaryGroups() throws(Errno) -> [UInt32] {
    let count = try attempt { getgroups(0, nil) }
    var groups = [UInt32](repeating: 0, count: Int(count))
    // SAFETY: the array has room for `count` ids; only this thread changes its groups.
    let written = try unsafe groups.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
      try attempt { unsafe getgroups(count, buffer.baseAddress) }
    }
    groups.removeLast(Int(count - written))
    return groups
  }

  /// Replaces the supplementary groups.
  ///
  /// - Throws: `EPERM` without CAP_SETGID.
  package static func setSupplementaryGroups(_ groups: Span<UInt32>) throws(Errno) {
    // SAFETY: the kernel reads `count` ids at the pointer.
    try unsafe groups.withUnsafeBufferPointer { (buffer) throws(Errno) in
      _ = try attempt { unsafe swift_thread_setgroups(buffer.count, buffer.baseAddress) }
    }
  }

  /// Gives the thread a umask and a current directory of its own (`unshare(CLONE_FS)`).
  ///
  /// - Throws: `EPERM` where a container's system call filter forbids it.
  package static func separateFileSystemState() throws(Errno) {
    _ = try attempt { unshare(CLONE_FS) }
  }

  /// Sets the umask, which threads share until `separateFileSystemState`, and returns the old one.
  @discardableResult
  package static func setFileCreationMask(_ mask: UInt32) -> UInt32 {
    umask(mask)
  }
}

/// The id that stands for "unchanged" in `setresuid` and `setresgid`.
private let unchanged = UInt32.max

/// The capabilities of the calling thread alone, by system calls: cheap enough for single requests.
package struct ThreadCapabilities: Hashable, Sendable {
  /// What the kernel goes by.
  package var effective: CapabilitySet
  /// What `effective` may be raised to.
  package var permitted: CapabilitySet
  /// What survives an `execve`.
  package var inheritable: CapabilitySet

  /// What the calling thread has.
  package static func current() throws(Errno) -> ThreadCapabilities {
    var header = __user_cap_header_struct(version: UInt32(_LINUX_CAPABILITY_VERSION_3), pid: 0)
    var data: [2 of __user_cap_data_struct] = .init(repeating: .init())
    var span = data.mutableSpan
    // SAFETY: version 3 writes two structures, which the array has.
    try unsafe span.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
      _ = try attempt { unsafe swift_capget(&header, buffer.baseAddress) }
    }
    return ThreadCapabilities(
      effective: CapabilitySet(low: data[0].effective, high: data[1].effective),
      permitted: CapabilitySet(low: data[0].permitted, high: data[1].permitted),
      inheritable: CapabilitySet(low: data[0].inheritable, high: data[1].inheritable))
  }

  /// Makes these the calling thread's.
  ///
  /// - Throws: `EPERM` if something is to be raised that is not permitted.
  package func apply() throws(Errno) {
    var header = __user_cap_header_struct(version: UInt32(_LINUX_CAPABILITY_VERSION_3), pid: 0)
    var data: [2 of __user_cap_data_struct] = .init(repeating: .init())
    data[0] = .init(
      effective: effective.low, permitted: permitted.low, inheritable: inheritable.low)
    data[1] = .init(
      effective: effective.high, permitted: permitted.high, inheritable: inheritable.high)
    // SAFETY: version 3 reads two structures, which the array has.
    try unsafe data.span.withUnsafeBufferPointer { (buffer) throws(Errno) in
      _ = try attempt { unsafe swift_capset(&header, buffer.baseAddress) }
    }
  }
}

extension CapabilitySet {
  fileprivate init(low: UInt32, high: UInt32) {
    self.init(rawValue: UInt64(high) << 32 | UInt64(low))
  }

  fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
  fileprivate var high: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
}
