internal import CLinux

/// An error number of a system call; the C type is `errno_t`, or a plain `int`.
///
/// A structure rather than an enumeration: the kernel may return a number that has no name here.
package struct Errno: RawRepresentable, Error, Hashable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  init(_ rawValue: Int32) {
    self.rawValue = rawValue
  }
}

extension Errno {
  /// The numbers that are named in this daemon, each by what it means.
  package static let notPermitted = Errno(EPERM)
  package static let noEntry = Errno(ENOENT)
  package static let interrupted = Errno(EINTR)
  package static let inputOutput = Errno(EIO)
  package static let tooBig = Errno(E2BIG)
  package static let badDescriptor = Errno(EBADF)
  package static let again = Errno(EAGAIN)
  package static let noMemory = Errno(ENOMEM)
  package static let accessDenied = Errno(EACCES)
  package static let badAddress = Errno(EFAULT)
  package static let busy = Errno(EBUSY)
  package static let exists = Errno(EEXIST)
  package static let crossDevice = Errno(EXDEV)
  package static let noDevice = Errno(ENODEV)
  package static let noSuchDevice = Errno(ENXIO)
  package static let notDirectory = Errno(ENOTDIR)
  package static let isDirectory = Errno(EISDIR)
  package static let invalidArgument = Errno(EINVAL)
  package static let tableFull = Errno(ENFILE)
  package static let tooManyOpenFiles = Errno(EMFILE)
  package static let notTerminal = Errno(ENOTTY)
  package static let fileTooBig = Errno(EFBIG)
  package static let noSpace = Errno(ENOSPC)
  package static let illegalSeek = Errno(ESPIPE)
  package static let readOnly = Errno(EROFS)
  package static let tooManyLinks = Errno(EMLINK)
  package static let brokenPipe = Errno(EPIPE)
  package static let outOfRange = Errno(ERANGE)
  package static let nameTooLong = Errno(ENAMETOOLONG)
  package static let notImplemented = Errno(ENOSYS)
  package static let notEmpty = Errno(ENOTEMPTY)
  package static let loop = Errno(ELOOP)
  package static let noData = Errno(ENODATA)
  package static let overflow = Errno(EOVERFLOW)
  package static let protocolError = Errno(EPROTO)
  package static let notSupported = Errno(EOPNOTSUPP)
  package static let notSocket = Errno(ENOTSOCK)
  package static let addressInUse = Errno(EADDRINUSE)
  package static let connectionReset = Errno(ECONNRESET)
  package static let connectionRefused = Errno(ECONNREFUSED)
  package static let stale = Errno(ESTALE)
  package static let canceled = Errno(ECANCELED)
  package static let notConnected = Errno(ENOTCONN)
  package static let connectionAborted = Errno(ECONNABORTED)
}

extension Errno: CustomStringConvertible {
  /// The C library's text for the number, as `strerror` gives it.
  package var description: String {
    // SAFETY: strerrordesc_np returns a constant, terminated string, or null for an unknown number.
    guard let text = unsafe strerrordesc_np(rawValue) else { return "error \(rawValue)" }
    return unsafe String(cString: text)
  }
}
