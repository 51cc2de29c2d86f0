internal import CLinux

/// What tells a file from every other one while it lives.
struct FileIdentity: Equatable {
  let device: dev_t
  let inode: ino_t
}

// Paths as strings: for what the operator names while the daemon starts and ends. What a guest
// names goes through `PathName`.
extension Descriptor {
  /// Opens `path`, from the directory `self` if it is relative; always with `O_CLOEXEC`.
  func open(
    path: String, flags: Int32, permissions: mode_t = 0
  ) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(
      taking: try attempt {
        // SAFETY: the pointer is a terminated copy of the path, used only in the closure.
        unsafe path.withCString {
          unsafe swift_openat(rawValue, $0, flags | O_CLOEXEC, permissions)
        }
      })
  }

  /// Which file `name` in the directory `self` is, a link not followed; nil if there is none.
  func identity(of name: String) throws(Errno) -> (file: FileIdentity, isSocket: Bool)? {
    var status = stat()
    do {
      _ = try attempt {
        // SAFETY: the name is a terminated copy, and `status` lives across the call.
        unsafe name.withCString {
          unsafe fstatat(rawValue, $0, &status, AT_SYMLINK_NOFOLLOW)
        }
      }
    } catch .noEntry {
      return nil
    }
    return (
      FileIdentity(device: status.st_dev, inode: status.st_ino),
      status.st_mode & mode_t(S_IFMT) == mode_t(S_IFSOCK)
    )
  }

  /// Which file `self` is.
  func identity() throws(Errno) -> FileIdentity {
    let status = try rawStatus()
    return FileIdentity(device: status.st_dev, inode: status.st_ino)
  }

  /// Removes `name` from the directory `self`.
  func remove(_ name: String) throws(Errno) {
    // SAFETY: the pointer is a terminated copy of the name, used only in the closure.
    _ = try attempt { unsafe name.withCString { unsafe unlinkat(rawValue, $0, 0) } }
  }

  /// Opens the directory `path`, only to stand for it (`O_PATH`).
  ///
  /// - Throws: `ENOTDIR` if it is something else.
  package static func directory(at path: String) throws(Errno) -> OwnedDescriptor {
    try currentDirectory.open(path: path, flags: O_PATH | O_DIRECTORY)
  }

  /// By which path the system reaches this file; /proc must be there.
  package func path() throws(Errno) -> String {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try attempt {
      // SAFETY: the path is terminated, and the array's count bounds what is written.
      unsafe readlink("/proc/self/fd/\(rawValue)", &bytes, bytes.count)
    }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
