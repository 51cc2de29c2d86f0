internal import CLinux

/// What `renameat2(2)` may do besides renaming; `RENAME_*`.
package struct RenameFlags: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `RENAME_NOREPLACE`: fail if the new name exists.
  package static let noReplace = RenameFlags(rawValue: 1)
  /// `RENAME_EXCHANGE`: swap the two names.
  package static let exchange = RenameFlags(rawValue: 2)
  /// `RENAME_WHITEOUT`: leave a whiteout under the old name.
  package static let whiteout = RenameFlags(rawValue: 4)
}

/// Names in the directory that this descriptor stands for. None of these calls follows a link that
/// the name itself is.
extension Descriptor {
  /// Makes a directory; `mkdirat(2)`. The thread's umask applies.
  package func makeDirectory(_ name: borrowing PathName, mode: UInt32) throws(Errno) {
    // SAFETY: `withCString` gives a terminated string that outlives the call.
    try unsafe name.withCString { (name) throws(Errno) in
      _ = try attempt { unsafe mkdirat(rawValue, name, mode) }
    }
  }

  /// Makes a file, FIFO, socket or device; `mknodat(2)`. The thread's umask applies.
  ///
  /// - Parameter device: As the kernel encodes it in 32 bits, which are the low half of `dev_t`.
  package func makeNode(
    _ name: borrowing PathName, mode: UInt32, device: UInt32
  ) throws(Errno) {
    // SAFETY: `withCString` gives a terminated string that outlives the call.
    try unsafe name.withCString { (name) throws(Errno) in
      _ = try attempt { unsafe mknodat(rawValue, name, mode, dev_t(device)) }
    }
  }

  /// Makes a symbolic link with the text `target`; `symlinkat(2)`.
  package func makeSymbolicLink(
    _ name: borrowing PathName, to target: borrowing PathName
  ) throws(Errno) {
    // SAFETY: both strings are terminated and outlive the call.
    try unsafe name.withCString { (name) throws(Errno) in
      try unsafe target.withCString { (target) throws(Errno) in
        _ = try attempt { unsafe symlinkat(target, rawValue, name) }
      }
    }
  }

  /// Gives the open file `file` one more name; `linkat(2)` with `AT_EMPTY_PATH`.
  ///
  /// - Throws: `ENOENT` without CAP_DAC_READ_SEARCH: `DescriptorLinks.link` needs none.
  package func link(_ file: Descriptor, as name: borrowing PathName) throws(Errno) {
    // SAFETY: both strings are terminated and outlive the call.
    try unsafe name.withCString { (name) throws(Errno) in
      _ = try attempt { unsafe linkat(file.rawValue, "", rawValue, name, swift_at_empty_path) }
    }
  }

  /// Removes a name that is not a directory's; `unlinkat(2)`.
  package func unlink(_ name: borrowing PathName) throws(Errno) {
    // SAFETY: `withCString` gives a terminated string that outlives the call.
    try unsafe name.withCString { (name) throws(Errno) in
      _ = try attempt { unsafe unlinkat(rawValue, name, 0) }
    }
  }

  /// Removes an empty directory; `unlinkat(2)` with `AT_REMOVEDIR`.
  package func removeDirectory(_ name: borrowing PathName) throws(Errno) {
    // SAFETY: `withCString` gives a terminated string that outlives the call.
    try unsafe name.withCString { (name) throws(Errno) in
      _ = try attempt { unsafe unlinkat(rawValue, name, AT_REMOVEDIR) }
    }
  }

  /// Moves a name to another, in this or another directory; `renameat2(2)`.
  package func rename(
    _ name: borrowing PathName, to newName: borrowing PathName, in newDirectory: Descriptor,
    flags: RenameFlags = []
  ) throws(Errno) {
    // SAFETY: both strings are terminated and outlive the call.
    try unsafe name.withCString { (name) throws(Errno) in
      try unsafe newName.withCString { (newName) throws(Errno) in
        _ = try attempt {
          unsafe renameat2(rawValue, name, newDirectory.rawValue, newName, flags.rawValue)
        }
      }
    }
  }

  /// Appends the text of this symbolic link, without a NUL; `readlinkat(2)` with an empty path.
  ///
  /// A text longer than the span's free room is cut there, as the call itself does.
  package func readLink(into text: inout OutputRawSpan) throws(Errno) {
    try unsafe text.withUnsafeMutableBytes { (buffer, count) throws(Errno) in
      // SAFETY: the buffer's free part starts at `count`, which it never exceeds, and is written
      // by no more than its length.
      let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      guard let start = free.baseAddress, free.count > 0 else { throw .invalidArgument }
      let length = try attempt {
        unsafe readlinkat(
          rawValue, "", start.assumingMemoryBound(to: CChar.self), free.count)
      }
      count += length
    }
  }
}
