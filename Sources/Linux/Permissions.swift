internal import CLinux

/// A time stamp for `utimensat(2)`.
package enum TimeSetting: Sendable, Equatable {
  /// Leave it (`UTIME_OMIT`).
  case keep
  /// The host's clock (`UTIME_NOW`).
  case now
  /// Seconds since 1970, which may be negative, and nanoseconds below 1,000,000,000.
  case at(seconds: Int64, nanoseconds: UInt32)

  fileprivate var timespec: timespec {
    switch self {
    case .keep: CLinux.timespec(tv_sec: 0, tv_nsec: Int(swift_utime_omit))
    case .now: CLinux.timespec(tv_sec: 0, tv_nsec: Int(swift_utime_now))
    case .at(let seconds, let nanoseconds):
      CLinux.timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
    }
  }
}

/// Owner, mode and times of the file itself, which may be opened with `O_PATH` and may be a link.
extension Descriptor {
  /// Sets owner and group; `nil` leaves one. `fchownat(2)` with `AT_EMPTY_PATH`.
  package func changeOwner(uid: UInt32?, gid: UInt32?) throws(Errno) {
    _ = try attempt {
      // SAFETY: the empty path is a constant.
      unsafe fchownat(
        rawValue, "", uid ?? .max, gid ?? .max, swift_at_empty_path | AT_SYMLINK_NOFOLLOW)
    }
  }

  /// Sets the permission bits; `fchmodat2(2)` with `AT_EMPTY_PATH`.
  ///
  /// - Throws: `EOPNOTSUPP` for a symbolic link, `ENOSYS` before Linux 6.6.
  package func changeMode(to mode: UInt32) throws(Errno) {
    // SAFETY: the empty path is a constant.
    _ = try attempt { unsafe swift_fchmodat2(rawValue, "", mode, swift_at_empty_path) }
  }

  /// Sets the times of access and modification; `utimensat(2)` with `AT_EMPTY_PATH`.
  package func changeTimes(access: TimeSetting, modification: TimeSetting) throws(Errno) {
    let times: [2 of timespec] = [access.timespec, modification.timespec]
    _ = try attempt {
      // SAFETY: the array holds the two elements that the call reads; the path is a constant.
      unsafe times.span.withUnsafeBufferPointer { times in
        unsafe utimensat(rawValue, "", times.baseAddress, swift_at_empty_path)
      }
    }
  }

  /// Whether the thread's credentials may use this file as `mask` says (`R_OK`, `W_OK`, `X_OK`).
  ///
  /// `faccessat2(2)` with `AT_EMPTY_PATH | AT_EACCESS`: of the effective ids.
  package func checkAccess(_ mask: Int32) throws(Errno) {
    _ = try attempt {
      // SAFETY: the empty path is a constant.
      unsafe swift_faccessat2(rawValue, "", mask, swift_at_empty_path | swift_at_eaccess)
    }
  }
}
