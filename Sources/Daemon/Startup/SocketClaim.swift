internal import Linux

/// A socket path that is ours: by `PATH.pid`, which is locked and holds our number.
///
/// The socket and the lock file go with this value, on every way out.
struct SocketClaim: ~Copyable {
  private var place: SocketPlace
  private let lock: LockFile

  /// Claims `path`.
  ///
  /// - Throws: What is in the way, and what to do about it.
  init(_ path: String) throws(StartupError) {
    guard path.utf8.count <= SocketPlace.maximumPathByteCount else {
      throw .failure(
        "the socket path is too long (\(path.utf8.count) bytes, at most "
          + "\(SocketPlace.maximumPathByteCount)); choose a shorter --socket-path")
    }
    let place = try Self.place(path)
    let lock = try Self.lock(path, in: place)
    self.place = place
    self.lock = lock
  }

  /// Opens the directory of `path`.
  private static func place(_ path: String) throws(StartupError) -> SocketPlace {
    do throws(Errno) {
      return try SocketPlace(path)
    } catch {
      throw .failure(
        "cannot open the directory of the socket \(path): \(error); create it or choose "
          + "another --socket-path")
    }
  }

  /// Locks `PATH.pid`.
  private static func lock(
    _ path: String, in place: borrowing SocketPlace
  ) throws(StartupError) -> LockFile {
    do throws(LockFile.Refusal) {
      return try LockFile(named: place.name + ".pid", in: place.directory.borrowed)
    } catch {
      throw .failure("\(reason(error, path: path)); choose another --socket-path")
    }
  }

  /// Why `path` cannot be locked.
  private static func reason(_ refusal: LockFile.Refusal, path: String) -> String {
    switch refusal {
    case .held(.some(let owner)): "the socket \(path) is in use by process \(owner)"
    case .held(.none): "the socket \(path) is in use by another process"
    case .failed(let error): "cannot lock \(path).pid: \(error)"
    }
  }

  /// Creates the socket in place of one that a dead process has left, and listens on it.
  mutating func listen(path: String, group: UInt32?) throws(StartupError) -> ListeningSocket {
    do throws(Errno) {
      try place.removeStale()
      return try place.listen(group: group)
    } catch .notSocket {
      throw .failure("\(path) exists and is not a socket; choose another --socket-path")
    } catch {
      throw .failure("cannot create the socket \(path): \(error); choose another --socket-path")
    }
  }

  deinit {
    place.remove()
    lock.remove(from: place.directory.borrowed)
  }
}
