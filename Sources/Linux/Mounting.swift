internal import CLinux

/// How a file system is mounted; `MS_*` of `mount(2)`.
package struct MountFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt

  package init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  /// `MS_RDONLY`.
  package static let readOnly = MountFlags(rawValue: 1)
  /// `MS_NOSUID`: set-id bits of programs have no effect.
  package static let noSetID = MountFlags(rawValue: 2)
  /// `MS_NODEV`: device nodes cannot be opened.
  package static let noDevices = MountFlags(rawValue: 4)
  /// `MS_NOEXEC`.
  package static let noPrograms = MountFlags(rawValue: 8)
  /// `MS_SYNCHRONOUS`.
  package static let synchronous = MountFlags(rawValue: 16)
  /// `MS_DIRSYNC`.
  package static let synchronousDirectories = MountFlags(rawValue: 128)
  /// `MS_NOATIME`.
  package static let noAccessTimes = MountFlags(rawValue: 1024)
  /// `MS_NODIRATIME`.
  package static let noDirectoryAccessTimes = MountFlags(rawValue: 2048)
  /// `MS_RELATIME`.
  package static let relativeAccessTimes = MountFlags(rawValue: 1 << 21)
  /// `MS_STRICTATIME`.
  package static let strictAccessTimes = MountFlags(rawValue: 1 << 24)
}

/// The table of mounts of this process's namespace.
package enum FileSystemMounting {
  /// How a mount is taken away.
  package enum Removal: Sendable {
    /// Only if nobody uses it (`EBUSY`).
    case ifIdle
    /// From its place at once; it lives on for who uses it (`MNT_DETACH`).
    case detach
  }

  /// Mounts a file system of `type` at `path`; `mount(2)`.
  ///
  /// - Throws: `EPERM` without CAP_SYS_ADMIN, `ENODEV` if the kernel does not know the type.
  package static func mount(
    source: String, at path: String, type: String, flags: MountFlags, data: String
  ) throws(Errno) {
    _ = try attempt {
      // SAFETY: the four strings are terminated copies that outlive the call.
      unsafe data.withCString { data in
        unsafe CLinux.mount(source, path, type, flags.rawValue, data)
      }
    }
  }

  /// Takes the topmost mount at `path` away, a link not followed; `umount2(2)`.
  package static func unmount(_ path: String, _ removal: Removal) throws(Errno) {
    let detach: Int32 =
      switch removal {
      case .ifIdle: 0
      case .detach: 2
      }
    let noFollow: Int32 = 8
    // SAFETY: the path is a terminated copy that outlives the call.
    _ = try attempt { unsafe umount2(path, detach | noFollow) }
  }
}

extension Descriptor {
  /// Whether this is the root of a mount, as far as the kernel can tell (Linux 5.8).
  package func isMountRoot() throws(Errno) -> Bool {
    var status = statx()
    let flags = swift_at_empty_path | swift_at_no_automount
    // SAFETY: the name is a constant, and the structure lives through the call.
    _ = try attempt {
      unsafe swift_statx(rawValue, "", flags, swift_statx_basic_stats, &status)
    }
    return status.stx_attributes & swift_statx_attr_mount_root != 0
  }

  /// The absolute path of this open file, as `/proc` tells it.
  package func currentPath() throws(Errno) -> String {
    var buffer = [UInt8](repeating: 0, count: 4097)
    let link = "/proc/self/fd/\(rawValue)"
    let count = try attempt {
      // SAFETY: readlink writes at most the array's length into it; the link is terminated.
      unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return -1 }
        return unsafe readlink(link, start.assumingMemoryBound(to: CChar.self), bytes.count)
      }
    }
    guard count < buffer.count else { throw .nameTooLong }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}
