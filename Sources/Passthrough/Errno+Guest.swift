package import Linux

extension Errno {
  /// What the guest should see where a call on the host failed so.
  ///
  /// * `ENOSYS` would make the guest believe that the operation does not exist, for as long as it
  ///   has the share mounted; what the host means is that this file system lacks it.
  /// * `EMFILE` is our limit, not one of the guest's process: `ENFILE`, the system is full.
  /// * `EINTR` and the kernel's own restart codes have no meaning outside of the call.
  package var forGuest: Errno {
    switch self {
    case .notImplemented: .notSupported
    case .tooManyOpenFiles: .tableFull
    case .interrupted: .inputOutput
    case _ where rawValue < 1 || rawValue > 511: .inputOutput
    case _: self
    }
  }
}

/// Calls `body`, with its errors turned into what the guest should see.
@inline(__always)
func forGuest<R: ~Copyable>(_ body: () throws(Errno) -> R) throws(Errno) -> R {
  do {
    return try body()
  } catch {
    throw error.forGuest
  }
}
