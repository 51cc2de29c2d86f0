internal import CLinux

/// How the kernel lets a file's extended attributes be reached that is held by `O_PATH` only.
///
/// The `f*xattr` calls refuse such a descriptor, and so do the `*xattrat` calls with an empty path.
/// What works on every type of file without opening it is its link in `/proc/self/fd`, which
/// leads to the file itself, even where that is a symbolic link.
package enum ExtendedAttributeRoute: Sendable {
  /// `getxattrat` and its family, relative to `/proc/self/fd` (Linux 6.13).
  case relative
  /// `getxattr` and its family, with `/proc/self/fd` as the current directory.
  ///
  /// The current directory is a thread's own only after `ThreadIdentity.separateFileSystemState`.
  case currentDirectory

  /// What this kernel offers.
  package static let available: ExtendedAttributeRoute = {
    // SAFETY: a descriptor that cannot be is refused before anything is read or written.
    let result = unsafe swift_listxattrat(-1, "0", nil, 0)
    // ENOSYS from an older kernel, EPERM from a system call filter.
    return result == -1 && swift_errno() == EBADF ? .relative : .currentDirectory
  }()
}

/// Extended attributes of files of any type, by way of `/proc/self/fd`.
extension DescriptorLinks {
  /// Appends the value of `name` to `output`.
  ///
  /// - Throws: `ENODATA` if there is none; `ERANGE` if it is longer than the space in `output`.
  package func readAttribute(
    _ name: borrowing PathName, of file: Descriptor, into output: inout OutputRawSpan,
    route: ExtendedAttributeRoute = .available
  ) throws(Errno) {
    let byteCount = output.freeCapacity
    guard byteCount > 0 else {
      // A size of 0 asks the kernel for the length instead.
      guard try attributeByteCount(name, of: file, route: route) == 0 else { throw .outOfRange }
      return
    }
    // SAFETY: `append` passes the free space, which has that many bytes.
    try unsafe append(to: &output) { (start) throws(Errno) in
      try unsafe read(name, of: file, start, byteCount, route)
    }
  }

  /// The length of the value of `name`.
  ///
  /// - Throws: `ENODATA` if there is none.
  package func attributeByteCount(
    _ name: borrowing PathName, of file: Descriptor, route: ExtendedAttributeRoute = .available
  ) throws(Errno) -> Int {
    // SAFETY: with a size of 0 the kernel writes nothing.
    try unsafe read(name, of: file, nil, 0, route)
  }

  /// Appends the names of all attributes, each with its NUL.
  ///
  /// - Throws: `ERANGE` if they are longer than the space in `output`.
  package func listAttributes(
    of file: Descriptor, into output: inout OutputRawSpan,
    route: ExtendedAttributeRoute = .available
  ) throws(Errno) {
    let byteCount = output.freeCapacity
    guard byteCount > 0 else {
      guard try attributeListByteCount(of: file, route: route) == 0 else { throw .outOfRange }
      return
    }
    // SAFETY: `append` passes the free space, which has that many bytes.
    try unsafe append(to: &output) { (start) throws(Errno) in
      try unsafe list(file, start, byteCount, route)
    }
  }

  /// The length of all names with their NULs.
  package func attributeListByteCount(
    of file: Descriptor, route: ExtendedAttributeRoute = .available
  ) throws(Errno) -> Int {
    // SAFETY: with a size of 0 the kernel writes nothing.
    try unsafe list(file, nil, 0, route)
  }

  /// Sets `name` to `value`.
  ///
  /// - Parameter flags: `XATTR_CREATE` (1), `XATTR_REPLACE` (2) or neither.
  /// - Throws: `EEXIST` or `ENODATA` as the flags ask; `ENOSPC`, `E2BIG`, `EOPNOTSUPP` and others
  ///   as the file system has them.
  package func setAttribute(
    _ name: borrowing PathName, of file: Descriptor, to value: RawSpan, flags: Int32,
    route: ExtendedAttributeRoute = .available
  ) throws(Errno) {
    // SAFETY: the strings are terminated, and of the value its own bytes are read.
    try unsafe reach(file, name, route) { (directory, link, name) throws(Errno) in
      try unsafe value.withUnsafeBytes { (value) throws(Errno) in
        let (start, byteCount) = (value.baseAddress, value.count)
        _ = try attempt {
          switch route {
          case .relative:
            unsafe swift_setxattrat(directory, link, name, start, byteCount, flags)
          case .currentDirectory:
            unsafe setxattr(link, name, start, byteCount, flags)
          }
        }
      }
    }
  }

  /// Removes `name`.
  ///
  /// - Throws: `ENODATA` if there is none.
  package func removeAttribute(
    _ name: borrowing PathName, of file: Descriptor, route: ExtendedAttributeRoute = .available
  ) throws(Errno) {
    // SAFETY: the strings are terminated.
    try unsafe reach(file, name, route) { (directory, link, name) throws(Errno) in
      _ = try attempt {
        switch route {
        case .relative: unsafe swift_removexattrat(directory, link, name)
        case .currentDirectory: unsafe removexattr(link, name)
        }
      }
    }
  }

  private func read(
    _ name: borrowing PathName, of file: Descriptor, _ start: UnsafeMutableRawPointer?,
    _ byteCount: Int, _ route: ExtendedAttributeRoute
  ) throws(Errno) -> Int {
    // SAFETY: the strings are terminated; the callers have `byteCount` bytes at `start`.
    try unsafe reach(file, name, route) { (directory, link, name) throws(Errno) in
      try attempt {
        switch route {
        case .relative: unsafe swift_getxattrat(directory, link, name, start, byteCount)
        case .currentDirectory: unsafe getxattr(link, name, start, byteCount)
        }
      }
    }
  }

  private func list(
    _ file: Descriptor, _ start: UnsafeMutableRawPointer?, _ byteCount: Int,
    _ route: ExtendedAttributeRoute
  ) throws(Errno) -> Int {
    // SAFETY: the strings are terminated; the callers have `byteCount` bytes at `start`.
    try unsafe reach(file, PathName(""), route) { (directory, link, _) throws(Errno) in
      try attempt {
        switch route {
        case .relative: unsafe swift_listxattrat(directory, link, start, byteCount)
        case .currentDirectory: unsafe listxattr(link, start, byteCount)
        }
      }
    }
  }

  /// Calls `body` with `/proc/self/fd`, the name of the link of `file` in it, and `name`.
  private func reach<R>(
    _ file: Descriptor, _ name: borrowing PathName, _ route: ExtendedAttributeRoute,
    _ body: (Int32, UnsafePointer<CChar>, UnsafePointer<CChar>) throws(Errno) -> R
  ) throws(Errno) -> R {
    let directory = number
    if case .currentDirectory = route {
      _ = try attempt { fchdir(directory) }
    }
    // SAFETY: both strings are terminated and outlive the call.
    return try unsafe withName(of: file) { (link) throws(Errno) in
      try unsafe name.withCString { (name) throws(Errno) in
        try unsafe body(directory, link, name)
      }
    }
  }

  /// Appends what `body` writes at the pointer, of which it returns the length.
  private func append(
    to output: inout OutputRawSpan,
    _ body: (UnsafeMutableRawPointer?) throws(Errno) -> Int
  ) throws(Errno) {
    // SAFETY: the kernel writes no more than the free capacity, which both callers passed it.
    try unsafe output.withUnsafeMutableBytes { (buffer, initializedCount) throws(Errno) in
      let start = unsafe buffer.baseAddress.map { unsafe $0 + initializedCount }
      initializedCount += try unsafe body(start)
    }
  }
}
