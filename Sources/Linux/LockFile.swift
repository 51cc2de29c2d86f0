internal import CLinux

/// A file that says which process owns something, by a lock and its number: `NAME.pid`.
///
/// The lock belongs to the open file (`F_OFD_SETLK`), and also stands against the POSIX locks that
/// the other virtiofsds take. It goes with this value.
package struct LockFile: ~Copyable, Sendable {
  private let name: String
  private let file: OwnedDescriptor

  /// Why the lock cannot be had.
  package enum Refusal: Error, Equatable {
    /// Another process has it: its number, if the file tells.
    case held(by: Int32?)
    case failed(Errno)
  }

  /// Creates `name` in `directory`, or takes over one that nobody has locked, and writes this
  /// process's number into it.
  package init(named name: String, in directory: Descriptor) throws(Refusal) {
    self.name = name
    do {
      let file = try Self.openLocked(name, in: directory)
      try Self.write("\(getpid())\n", to: file.borrowed)
      self.file = file
    } catch .again {
      throw .held(by: Self.owner(of: name, in: directory))
    } catch {
      throw .failed(error)
    }
  }

  /// Removes the file from `directory`, as the last thing before the lock goes.
  package func remove(from directory: Descriptor) {
    // Somebody who waits for the lock finds that the name is gone, and starts anew.
    try? directory.remove(name)
  }

  /// Opens and locks `name`, again if its owner removed it between the two.
  private static func openLocked(
    _ name: String, in directory: Descriptor
  ) throws(Errno) -> OwnedDescriptor {
    while true {
      let file = try directory.open(
        path: name, flags: O_RDWR | O_CREAT | O_NOFOLLOW, permissions: 0o644)
      try lock(file.borrowed)
      let identity = try file.borrowed.identity()
      if try directory.identity(of: name)?.file == identity { return file }
    }
  }

  /// Takes the write lock on `file`.
  ///
  /// - Throws: `EAGAIN` if another process has it.
  private static func lock(_ file: Descriptor) throws(Errno) {
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    do {
      // SAFETY: `lock` lives across the call and is whole.
      _ = try attempt { unsafe swift_fcntl_lock(file.rawValue, F_OFD_SETLK, &lock) }
    } catch .accessDenied {
      throw .again
    }
  }

  /// Replaces what `file` holds by `text`.
  private static func write(_ text: String, to file: Descriptor) throws(Errno) {
    _ = try attempt { ftruncate(file.rawValue, 0) }
    try file.writeWhole(text)
  }

  /// The process number in `name`, if it holds one.
  private static func owner(of name: String, in directory: Descriptor) -> Int32? {
    guard let file = try? directory.open(path: name, flags: O_RDONLY) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      // SAFETY: the buffer bounds the read.
      unsafe read(file.borrowed.rawValue, buffer.baseAddress, buffer.count)
    }
    let digits = bytes.prefix(max(count, 0)).prefix { (0x30...0x39).contains($0) }
    return Int32(String(decoding: digits, as: UTF8.self))
  }
}
