internal import CLinux

/// The limits of a resource (`struct rlimit`).
package struct ResourceLimit: Hashable, Sendable {
  /// What is enforced.
  package var soft: UInt64
  /// What `soft` may be raised to.
  package var hard: UInt64

  package init(soft: UInt64, hard: UInt64) {
    self.soft = soft
    self.hard = hard
  }

  /// How many files the process may have open (`RLIMIT_NOFILE`).
  package static func openFiles() throws(Errno) -> ResourceLimit {
    var limit = rlimit()
    // SAFETY: the kernel writes one structure.
    _ = try attempt { unsafe getrlimit(RLIMIT_NOFILE, &limit) }
    return ResourceLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
  }

  /// Sets how many files the process may have open.
  ///
  /// - Throws: `EPERM` if `hard` rises without CAP_SYS_RESOURCE or above
  ///   `greatestOpenFileLimit()`; `EINVAL` if `soft` is above it.
  package func setOpenFiles() throws(Errno) {
    var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
    // SAFETY: the kernel reads one structure.
    _ = try attempt { unsafe setrlimit(RLIMIT_NOFILE, &limit) }
  }

  /// The greatest limit that the kernel allows any process (`/proc/sys/fs/nr_open`).
  ///
  /// - Throws: `EINVAL` if the file does not hold a number; else why it cannot be read.
  package static func greatestOpenFileLimit() throws(Errno) -> UInt64 {
    // SAFETY: a literal is terminated.
    let number = try attempt {
      unsafe swift_openat(AT_FDCWD, "/proc/sys/fs/nr_open", O_RDONLY | O_CLOEXEC, 0)
    }
    let file = OwnedDescriptor(taking: number)
    var digits: [24 of UInt8] = .init(repeating: 0)
    var span = digits.mutableSpan
    // SAFETY: the kernel writes at most the buffer's size.
    let byteCount = try unsafe span.withUnsafeMutableBytes { (buffer) throws(Errno) in
      try attempt { unsafe read(file.borrowed.rawValue, buffer.baseAddress, buffer.count) }
    }
    var value: UInt64 = 0
    for index in 0..<byteCount {
      let digit = digits[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { break }
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      guard !overflows else { throw .invalidArgument }
      value = product + UInt64(digit)
    }
    guard value > 0 else { throw .invalidArgument }
    return value
  }
}
