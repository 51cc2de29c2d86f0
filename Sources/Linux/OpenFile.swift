internal import CLinux

/// How `openat2` may walk a path; `RESOLVE_*`.
package struct ResolveFlags: OptionSet, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `RESOLVE_NO_MAGICLINKS`: links of procfs are not followed.
  package static let noMagicLinks = ResolveFlags(rawValue: UInt64(RESOLVE_NO_MAGICLINKS))
  /// `RESOLVE_NO_SYMLINKS`: no link is followed.
  package static let noLinks = ResolveFlags(rawValue: UInt64(RESOLVE_NO_SYMLINKS))
  /// `RESOLVE_BENEATH`: the walk must not leave the directory.
  package static let beneath = ResolveFlags(rawValue: UInt64(RESOLVE_BENEATH))
  /// `RESOLVE_IN_ROOT`: the directory is the walk's root.
  package static let inRoot = ResolveFlags(rawValue: UInt64(RESOLVE_IN_ROOT))
}

extension Descriptor {
  /// Opens `path`, relative to this directory, with `openat(2)`.
  ///
  /// The new descriptor closes on exec. A name that comes from a guest needs `.noFollow`.
  package func open(
    _ path: borrowing PathName, _ flags: OpenFlags, mode: UInt32 = 0
  ) throws(Errno) -> OwnedDescriptor {
    let bits = flags.union(.closeOnExec).rawValue
    // SAFETY: `withCString` gives a terminated string that outlives the call.
    let number = try unsafe path.withCString { (path) throws(Errno) in
      try attempt { unsafe swift_openat(rawValue, path, bits, mode) }
    }
    return OwnedDescriptor(taking: number)
  }

  /// Opens `path`, relative to this directory, walking it as `resolution` allows; `openat2(2)`.
  package func open(
    _ path: borrowing PathName, _ flags: OpenFlags, mode: UInt32 = 0, resolving: ResolveFlags
  ) throws(Errno) -> OwnedDescriptor {
    var how = open_how()
    how.flags = UInt64(UInt32(bitPattern: flags.union(.closeOnExec).rawValue))
    how.mode = UInt64(mode)
    how.resolve = resolving.rawValue
    // SAFETY: the string is terminated, and `how` is a local of the size that the shim passes.
    let number = try unsafe path.withCString { (path) throws(Errno) in
      try attempt { unsafe swift_openat2(rawValue, path, &how) }
    }
    let file = OwnedDescriptor(taking: number)
    #if DEBUG
      try FaultyCall.open.checkFault(file.borrowed, PathName(""))
    #endif
    return file
  }

  /// Another descriptor of the same open file, which closes on exec.
  package func duplicate() throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(taking: try attempt { swift_fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
  }

  /// Closes a duplicate of this file, which makes the file system report what `close(2)` reports.
  ///
  /// Network file systems write back on close and tell what failed only there.
  package func flush() throws(Errno) {
    let duplicate = try duplicate().release()
    // Not through `attempt`: the number is gone whatever the result, EINTR included.
    guard close(duplicate.rawValue) == -1 else { return }
    let code = swift_errno()
    guard code != EINTR else { return }
    throw Errno(rawValue: code)
  }

  /// The flags that the file was opened with, as `F_GETFL` tells them.
  package func openFlags() throws(Errno) -> OpenFlags {
    OpenFlags(rawValue: try attempt { swift_fcntl(rawValue, F_GETFL, 0) })
  }
}

extension Descriptor {
  /// Sets the file's size in bytes; `ftruncate(2)`.
  package func truncate(to byteCount: UInt64) throws(Errno) {
    guard let byteCount = Int(exactly: byteCount) else { throw .fileTooBig }
    _ = try attempt { ftruncate(rawValue, byteCount) }
  }

  /// Allocates, zeroes or punches out a range; `fallocate(2)`.
  package func allocate(mode: Int32, offset: UInt64, byteCount: UInt64) throws(Errno) {
    guard let offset = Int(exactly: offset), let byteCount = Int(exactly: byteCount) else {
      throw .fileTooBig
    }
    _ = try attempt { fallocate(rawValue, mode, offset, byteCount) }
  }

  /// What `lseek(2)` can look for in a sparse file.
  package enum SparseRegion: Sendable {
    /// `SEEK_DATA`
    case data
    /// `SEEK_HOLE`
    case hole
  }

  /// Where the next region of that kind begins, at or after `offset`.
  ///
  /// - Throws: `ENXIO` if there is none, or `offset` is past the end.
  package func seek(to region: SparseRegion, from offset: UInt64) throws(Errno) -> UInt64 {
    guard let offset = Int(exactly: offset) else { throw .invalidArgument }
    let whence =
      switch region {
      case .data: swift_seek_data
      case .hole: swift_seek_hole
      }
    return UInt64(try attempt { lseek(rawValue, offset, whence) })
  }

  /// Copies up to `byteCount` bytes to another file; `copy_file_range(2)`.
  ///
  /// - Returns: How many were copied: fewer is no error, 0 is the end of this file.
  package func copyRange(
    from offset: UInt64, to target: Descriptor, at targetOffset: UInt64, byteCount: Int
  ) throws(Errno) -> Int {
    guard var offset = Int(exactly: offset), var targetOffset = Int(exactly: targetOffset)
    else { throw .invalidArgument }
    return try attempt {
      // SAFETY: both offsets are locals that outlive the call.
      unsafe copy_file_range(rawValue, &offset, target.rawValue, &targetOffset, byteCount, 0)
    }
  }

  /// Writes the file's data and attributes to disk; `fsync(2)`.
  package func synchronize() throws(Errno) {
    _ = try attempt { fsync(rawValue) }
  }

  /// Writes the file's data, and what is needed to find it, to disk; `fdatasync(2)`.
  package func synchronizeData() throws(Errno) {
    _ = try attempt { fdatasync(rawValue) }
  }

  /// Writes the whole file system of this file to disk; `syncfs(2)`.
  package func synchronizeFileSystem() throws(Errno) {
    _ = try attempt { syncfs(rawValue) }
  }
}
