internal import CLinux

/// `/proc/self/fd`, held open: its links lead from a descriptor to its file, without a path.
///
/// What a file opened with `O_PATH` cannot do (be read, change its mode before Linux 6.6, get a
/// name without CAP_DAC_READ_SEARCH) is done through its link here. It is opened before the daemon
/// confines itself, since `/proc` may be out of reach afterwards.
package struct DescriptorLinks: ~Copyable, Sendable {
  private let directory: OwnedDescriptor

  /// The number of the directory, for calls relative to it.
  var number: Int32 { directory.borrowed.rawValue }

  private init(directory: consuming OwnedDescriptor) {
    self.directory = directory
  }

  /// Opens the directory.
  package init() throws(Errno) {
    directory = try Descriptor.currentDirectory.open(
      PathName("/proc/self/fd"), [.path, .directory])
  }

  /// Opens the file of `descriptor` once more.
  ///
  /// - Parameter flags: Without `.noFollow`, which would refuse the link itself with ELOOP.
  /// - Throws: `ELOOP` if the file is a symbolic link.
  package func reopen(
    _ descriptor: Descriptor, _ flags: OpenFlags
  ) throws(Errno) -> OwnedDescriptor {
    let links = directory.borrowed.rawValue
    let bits = flags.union(.closeOnExec).subtracting(.noFollow).rawValue
    // SAFETY: `withName` gives a terminated string that outlives the call.
    let number = try unsafe withName(of: descriptor) { (name) throws(Errno) in
      try attempt { unsafe swift_openat(links, name, bits, 0) }
    }
    return OwnedDescriptor(taking: number)
  }

  /// Sets the permission bits of the file of `descriptor`.
  ///
  /// - Throws: `EOPNOTSUPP` if it is a symbolic link.
  package func changeMode(of descriptor: Descriptor, to mode: UInt32) throws(Errno) {
    let links = directory.borrowed.rawValue
    // SAFETY: `withName` gives a terminated string that outlives the call.
    try unsafe withName(of: descriptor) { (name) throws(Errno) in
      _ = try attempt { unsafe fchmodat(links, name, mode, 0) }
    }
  }

  /// Gives the file of `descriptor` one more name in `newDirectory`.
  package func link(
    _ descriptor: Descriptor, as newName: borrowing PathName, in newDirectory: Descriptor
  ) throws(Errno) {
    let links = directory.borrowed.rawValue
    // SAFETY: both strings are terminated and outlive the call.
    try unsafe withName(of: descriptor) { (name) throws(Errno) in
      try unsafe newName.withCString { (newName) throws(Errno) in
        _ = try attempt {
          unsafe linkat(links, name, newDirectory.rawValue, newName, AT_SYMLINK_FOLLOW)
        }
      }
    }
  }

  /// Calls `body` with the path of the file of `descriptor`, as it is now.
  ///
  /// The path of a file whose name was removed has " (deleted)" after it.
  ///
  /// - Throws: `ENAMETOOLONG` if it has more than 4095 bytes.
  package func withPath<R>(
    of descriptor: Descriptor, _ body: (Span<UInt8>) -> R
  ) throws(Errno) -> R {
    let links = directory.borrowed.rawValue
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let capacity = path.count
    // SAFETY: `withName` gives a terminated string; the buffer bounds what is written.
    let count = try unsafe withName(of: descriptor) { (name) throws(Errno) in
      let result = unsafe path.withUnsafeMutableBytes { buffer in
        Result { () throws(Errno) in
          guard let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            throw .nameTooLong
          }
          return try attempt { unsafe readlinkat(links, name, start, capacity) }
        }
      }
      return try result.get()
    }
    guard count < capacity else { throw .nameTooLong }
    return body(path.span.extracting(0..<count))
  }

  /// Calls `body` with the name of the link: the number in decimal.
  func withName<R>(
    of descriptor: Descriptor, _ body: (UnsafePointer<CChar>) throws(Errno) -> R
  ) throws(Errno) -> R {
    guard descriptor.rawValue >= 0 else { throw .badDescriptor }
    // Ten digits and the NUL, filled from the end.
    var digits = [11 of CChar](repeating: 0)
    var first = 10
    var rest = descriptor.rawValue
    repeat {
      first -= 1
      digits[first] = CChar(truncatingIfNeeded: 0x30 + rest % 10)
      rest /= 10
    } while rest > 0
    // SAFETY: `first` is at least 0 (an Int32 has at most ten digits), and the last element is NUL.
    return try unsafe digits.span.withUnsafeBufferPointer { (buffer) throws(Errno) -> R in
      guard let start = buffer.baseAddress else { throw .invalidArgument }
      return try unsafe body(start + first)
    }
  }
}

extension DescriptorLinks {
  /// The same directory for another owner.
  package borrowing func duplicate() throws(Errno) -> DescriptorLinks {
    DescriptorLinks(directory: try directory.borrowed.duplicate())
  }
}
