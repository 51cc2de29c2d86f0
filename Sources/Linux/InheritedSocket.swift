internal import CLinux

/// What an inherited descriptor is to a vhost-user back-end.
package enum InheritedSocket: Equatable, Sendable {
  /// A UNIX stream socket that accepts connections.
  case listening
  /// A UNIX stream socket with a peer.
  case connected
  /// A UNIX stream socket with neither, or something else.
  case unusable
}

extension Descriptor {
  /// Asks the socket what it is.
  ///
  /// - Throws: `EBADF` if nothing is open by this number.
  package func inheritedSocket() throws(Errno) -> InheritedSocket {
    _ = try attempt { swift_fcntl(rawValue, F_GETFD, 0) }
    guard option(SO_DOMAIN) == AF_UNIX, option(SO_TYPE) == Int32(SOCK_STREAM.rawValue) else {
      return .unusable
    }
    if option(SO_ACCEPTCONN) == 1 { return .listening }
    return hasPeer ? .connected : .unusable
  }

  /// Keeps the descriptor from programs that this process might execute.
  package func closeOnExecute() throws(Errno) {
    _ = try attempt { swift_fcntl(rawValue, F_SETFD, Int(FD_CLOEXEC)) }
  }

  /// A whole-number option of the socket; nil if there is none.
  private func option(_ name: Int32) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: `value` has `size` bytes and lives across the call.
    let result = unsafe getsockopt(rawValue, SOL_SOCKET, name, &value, &size)
    return result == 0 ? value : nil
  }

  /// Whether the socket is connected.
  private var hasPeer: Bool {
    var address = sockaddr_storage()
    // SAFETY: `address` lives across the call, which knows its size.
    return unsafe swift_getpeername(rawValue, &address) == 0
  }
}
