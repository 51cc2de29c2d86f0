internal import CLinux

/// A stream socket of the local family, listening.
package struct ListeningSocket: ~Copyable {
  private let descriptor: OwnedDescriptor

  /// Takes over a socket that listens already.
  package init(taking descriptor: consuming OwnedDescriptor) {
    self.descriptor = descriptor
  }

  /// Binds `path` and listens for one connection at a time; the file's mode is what the process's
  /// umask leaves of 0777.
  ///
  /// - Throws: `ENAMETOOLONG` beyond 107 bytes, `EADDRINUSE` if something is at `path`.
  package init(path: String) throws(Errno) {
    let socket = try OwnedDescriptor.localStreamSocket()
    try unsafe withLocalAddress(path) { (address, length) throws(Errno) in
      // SAFETY: the address lives through the call.
      _ = try attempt { unsafe swift_bind(socket.borrowed.rawValue, address, length) }
    }
    _ = try attempt { listen(socket.borrowed.rawValue, 1) }
    descriptor = socket
  }

  package var borrowed: Descriptor { descriptor.borrowed }

  /// Waits for a connection and takes it.
  package borrowing func accept() throws(Errno) -> OwnedDescriptor {
    let number = descriptor.borrowed.rawValue
    return OwnedDescriptor(
      taking: try attempt { swift_accept(number) })
  }
}

extension OwnedDescriptor {
  fileprivate static func localStreamSocket() throws(Errno) -> OwnedDescriptor {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return OwnedDescriptor(taking: try attempt { socket(AF_UNIX, kind, 0) })
  }

  /// A connection to the socket at `path`.
  ///
  /// Waits as long as others who want to connect are before it, unless there is a limit.
  ///
  /// - Parameter microseconds: How long it waits at most, above 0; nothing for no limit.
  /// - Throws: `EAGAIN` if nobody has made room until then.
  package static func connected(
    toSocket path: String, waitingAtMost microseconds: Int? = nil
  ) throws(Errno) -> OwnedDescriptor {
    let socket = try localStreamSocket()
    if let microseconds {
      precondition(microseconds > 0, "0 stands for no limit")
      var limit = timeval(
        tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
      _ = try attempt {
        // SAFETY: the option's value lives through the call and has the size given.
        unsafe setsockopt(
          socket.borrowed.rawValue, SOL_SOCKET, SO_SNDTIMEO, &limit,
          socklen_t(MemoryLayout<timeval>.size))
      }
    }
    try unsafe withLocalAddress(path) { (address, length) throws(Errno) in
      // SAFETY: the address lives through the call.
      _ = try attempt { unsafe swift_connect(socket.borrowed.rawValue, address, length) }
    }
    return socket
  }

  /// Two sockets, each connected to the other.
  package static func socketPair() throws(Errno) -> (Descriptor, Descriptor) {
    var pair: (Int32, Int32) = (-1, -1)
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    // SAFETY: a pair of Int32 is laid out as the array of two that the call fills.
    _ = try attempt {
      unsafe withUnsafeMutableBytes(of: &pair) { bytes in
        unsafe socketpair(AF_UNIX, kind, 0, bytes.baseAddress?.assumingMemoryBound(to: Int32.self))
      }
    }
    return (Descriptor(rawValue: pair.0), Descriptor(rawValue: pair.1))
  }
}

/// Calls `body` with `path` as a `sockaddr_un`.
private func withLocalAddress(
  _ path: String, _ body: (UnsafePointer<sockaddr_un>, socklen_t) throws(Errno) -> Void
) throws(Errno) {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  let room = MemoryLayout.size(ofValue: address.sun_path)
  guard !bytes.isEmpty, bytes.count < room else { throw .nameTooLong }
  // SAFETY: the guard leaves room for the terminator, which the zeroed structure holds already.
  unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
  let length = socklen_t(MemoryLayout<sockaddr_un>.size)
  // SAFETY: the pointer stays inside `body`.
  try unsafe withUnsafePointer(to: &address) { (pointer) throws(Errno) in
    try unsafe body(pointer, length)
  }
}

extension Descriptor {
  /// Whether this is a socket that listens (`SO_ACCEPTCONN`).
  ///
  /// - Throws: `ENOTSOCK` if it is no socket.
  package func isListening() throws(Errno) -> Bool {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    _ = try attempt {
      // SAFETY: both out-parameters live through the call and have the sizes given.
      unsafe getsockopt(rawValue, SOL_SOCKET, SO_ACCEPTCONN, &value, &length)
    }
    return value != 0
  }

  /// The most descriptors that come with one message.
  package static let mostDescriptorsPerMessage = 32

  /// Receives bytes into `span` and the descriptors that came with them.
  ///
  /// Waits until something has come. Descriptors are closed on exec.
  ///
  /// - Returns: How many bytes; 0 if the other end has closed the connection.
  package func receive(
    into span: inout MutableRawSpan, descriptors: inout [SharedDescriptor]
  ) throws(Errno) -> Int {
    try receive(into: &span, descriptors: &descriptors, flags: Int32(MSG_CMSG_CLOEXEC))
  }

  private func receive(
    into span: inout MutableRawSpan, descriptors: inout [SharedDescriptor], flags: Int32
  ) throws(Errno) -> Int {
    var numbers = [Int32](repeating: -1, count: Self.mostDescriptorsPerMessage)
    var taken = 0
    // SAFETY: the header refers to the span and to `control`, both alive through the calls.
    let count = try unsafe span.withUnsafeMutableBytes { (bytes) throws(Errno) -> Int in
      try unsafe withControlBuffer { (message) throws(Errno) -> Int in
        var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return try unsafe withUnsafeMutablePointer(to: &vector) { (vector) throws(Errno) -> Int in
          unsafe message.pointee.msg_iov = vector
          unsafe message.pointee.msg_iovlen = 1
          let count = try attempt { unsafe recvmsg(rawValue, message, flags) }
          taken = unsafe swift_cmsg_take(message, &numbers, numbers.count)
          return count
        }
      }
    }
    for number in numbers.prefix(taken) {
      descriptors.append(SharedDescriptor(OwnedDescriptor(taking: number)))
    }
    return count
  }

  /// Sends `bytes`, with `descriptors` beside the first of them.
  ///
  /// - Returns: How many bytes were taken.
  package func send(_ bytes: RawSpan, descriptors: [Descriptor] = []) throws(Errno) -> Int {
    precondition(descriptors.count <= Self.mostDescriptorsPerMessage)
    let numbers = descriptors.map(\.rawValue)
    // SAFETY: sendmsg only reads; the header refers to bytes that live through the call.
    return try unsafe bytes.withUnsafeBytes { (bytes) throws(Errno) -> Int in
      try unsafe withControlBuffer { (message) throws(Errno) -> Int in
        var vector = unsafe iovec(
          iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return try unsafe withUnsafeMutablePointer(to: &vector) { (vector) throws(Errno) -> Int in
          unsafe message.pointee.msg_iov = vector
          unsafe message.pointee.msg_iovlen = 1
          if numbers.isEmpty {
            unsafe message.pointee.msg_controllen = 0
          } else {
            unsafe message.pointee.msg_controllen = swift_cmsg_space(numbers.count)
            unsafe swift_cmsg_put(message, numbers, numbers.count)
          }
          return try attempt { unsafe sendmsg(rawValue, message, Int32(MSG_NOSIGNAL)) }
        }
      }
    }
  }
}

/// Calls `body` with a message header that has room for the most descriptors.
private func withControlBuffer<R>(
  _ body: (UnsafeMutablePointer<msghdr>) throws(Errno) -> R
) throws(Errno) -> R {
  let byteCount = swift_cmsg_space(Descriptor.mostDescriptorsPerMessage)
  let words = byteCount / 8 + 1
  // SAFETY: the buffer is zeroed, aligned for cmsghdr, and lives through `body`.
  return try unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) {
    (control) throws(Errno) -> R in
    unsafe control.initialize(repeating: 0)
    var message = unsafe msghdr()
    unsafe message.msg_control = UnsafeMutableRawPointer(control.baseAddress)
    unsafe message.msg_controllen = byteCount
    return try unsafe withUnsafeMutablePointer(to: &message) { (pointer) throws(Errno) -> R in
      try unsafe body(pointer)
    }
  }
}
