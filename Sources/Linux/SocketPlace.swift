internal import CLinux

/// Where a socket stands in the file system: its directory, kept open, and its name.
///
/// The directory is reached by descriptor when the socket goes: after chroot(2) its path means
/// something else.
package struct SocketPlace: ~Copyable, Sendable {
  private let path: String
  /// The directory, opened with `O_PATH`.
  package let directory: OwnedDescriptor
  /// The socket's name in it.
  package let name: String
  private var socket: FileIdentity?

  /// The longest path that fits into `sockaddr_un`, in bytes.
  package static let maximumPathByteCount = 107

  /// Opens the directory of `path`.
  package init(_ path: String) throws(Errno) {
    self.path = path
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
    guard !name.isEmpty else { throw .isDirectory }
    directory = try Descriptor.directory(at: parent)
  }

  /// Removes the socket that an earlier process has left here.
  ///
  /// - Throws: `ENOTSOCK` if something else stands here.
  package func removeStale() throws(Errno) {
    guard let found = try directory.borrowed.identity(of: name) else { return }
    guard found.isSocket else { throw .notSocket }
    try directory.borrowed.remove(name)
  }

  /// Creates the socket and listens on it, for the owner alone or for `group`, too.
  ///
  /// - Precondition: No other thread runs: the mode mask is the process's.
  package mutating func listen(group: UInt32?) throws(Errno) -> ListeningSocket {
    let mask = umask(group == nil ? 0o077 : 0o007)
    defer { umask(mask) }
    let listener = try ListeningSocket(path: path)
    socket = try directory.borrowed.identity(of: name)?.file
    if let group {
      _ = try attempt {
        // SAFETY: the name is a terminated copy, used only in the closure.
        unsafe name.withCString {
          unsafe fchownat(
            directory.borrowed.rawValue, $0, uid_t.max, group, AT_SYMLINK_NOFOLLOW)
        }
      }
    }
    return listener
  }

  /// Removes the socket, if the name still means it.
  package func remove() {
    guard let socket, let found = try? directory.borrowed.identity(of: name), found.file == socket
    else { return }
    try? directory.borrowed.remove(name)
  }
}
