internal import CLinux

// Files as streams of bytes: what the operator names, read and written from one end to the other.
extension Descriptor {
  /// Opens `path` for reading.
  package static func openForReading(path: String) throws(Errno) -> OwnedDescriptor {
    try currentDirectory.open(path: path, flags: O_RDONLY | O_NOCTTY)
  }

  /// Creates `path` for writing, or empties what is there if that is a regular file.
  ///
  /// - Parameter permissions: Of a file that is created, less the process's mask.
  /// - Throws: `EISDIR` for a directory, `ENODEV` for anything else that is no regular file.
  package static func createFile(
    path: String, permissions: UInt32 = 0o666
  ) throws(Errno) -> OwnedDescriptor {
    // Not blocking, so that a FIFO without a reader is refused rather than waited for.
    let file = try currentDirectory.open(
      path: path, flags: O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK, permissions: permissions)
    guard try file.borrowed.fileTypeBits() == S_IFREG else { throw .noDevice }
    try file.borrowed.truncate(to: 0)
    return file
  }

  /// Sets the permission bits; fchmod(2).
  package func setPermissions(_ permissions: UInt32) throws(Errno) {
    _ = try attempt { fchmod(rawValue, permissions) }
  }

  /// Reads at the file's position into `buffer`, from its element `start` to its end; read(2).
  ///
  /// - Returns: How many bytes: 0 at the end of the file.
  package func read(into buffer: inout [UInt8], from start: Int) throws(Errno) -> Int {
    precondition((0...buffer.count).contains(start), "a place outside the buffer")
    let result: Result<Int, Errno> = unsafe buffer.withUnsafeMutableBytes { bytes in
      // SAFETY: the precondition keeps the part inside the buffer, and the kernel keeps to it.
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
      do throws(Errno) {
        return .success(try attempt { unsafe CLinux.read(rawValue, part.baseAddress, part.count) })
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Writes `bytes` at the file's position; write(2).
  ///
  /// - Returns: How many were written, which may be fewer.
  package func write(_ bytes: RawSpan) throws(Errno) -> Int {
    // SAFETY: the buffer is the span's, and lives through the call.
    try unsafe bytes.withUnsafeBytes { (buffer) throws(Errno) in
      try attempt { unsafe CLinux.write(rawValue, buffer.baseAddress, buffer.count) }
    }
  }

  /// Writes all of `bytes` at the file's position.
  package func writeWhole(_ bytes: RawSpan) throws(Errno) {
    var rest = bytes
    while rest.byteCount > 0 {
      let count = try write(rest)
      rest = rest.extracting(droppingFirst: count)
    }
  }
}
