internal import CLinux

/// A file handle, `struct file_handle`: what a file system knows a file by, now and ever after.
///
/// Unlike the inode number it is not given to another file later: it carries a generation.
package struct FileHandle: Sendable {
  /// The file system's own type number: one byte, for the kernel keeps flags of its own above; 0xff
  /// is no file system's.
  package let type: Int32
  /// How many of the bytes count; at most `maximumByteCount`.
  package let byteCount: Int
  /// The bytes, in memory's order; those after `byteCount` are zero.
  package let words: [16 of UInt64]

  /// `MAX_HANDLE_SZ`.
  package static let maximumByteCount = 128

  /// The handle with these parts, kept since an earlier `handle()`.
  ///
  /// - Parameter byteCount: Clamped to what there is room for.
  package init(type: Int32, byteCount: Int, words: [16 of UInt64]) {
    self.type = type
    self.byteCount = min(max(byteCount, 0), FileHandle.maximumByteCount)
    self.words = words
  }

  /// How many of `words` have bytes that count.
  package var wordCount: Int { (byteCount + 7) / 8 }
}

extension FileHandle: Equatable {
  package static func == (left: FileHandle, right: FileHandle) -> Bool {
    guard left.type == right.type, left.byteCount == right.byteCount else { return false }
    for index in 0..<left.wordCount where left.words[index] != right.words[index] { return false }
    return true
  }
}

/// A handle, and the mount through which the file was reached.
package struct LocatedFileHandle: Sendable {
  package let handle: FileHandle
  /// The kind of id that `handle(of:mountIDs:)` was asked for.
  package let mountID: UInt64
}

/// Which ids a kernel has for mounts.
package enum MountIDKind: Sendable {
  /// Ids that name another mount when the first is gone.
  case reusable
  /// Ids that are never used again: `AT_HANDLE_MNT_ID_UNIQUE`, since 6.12.
  case unique
}

extension Descriptor {
  /// The handle of this open file, which may be opened with `O_PATH`; `name_to_handle_at(2)`.
  ///
  /// - Throws: `EOPNOTSUPP` if the file system has none, `EOVERFLOW` if it cannot make this one.
  package func handle(mountIDs: MountIDKind = .reusable) throws(Errno) -> LocatedFileHandle {
    try makeHandle(PathName(""), swift_at_empty_path, mountIDs)
  }

  /// The handle of what `name` names in this directory, a link's own if it is one.
  ///
  /// - Throws: As `handle(mountIDs:)`; `EINVAL` if the kernel does not know `mountIDs`.
  package func handle(
    of name: borrowing PathName, mountIDs: MountIDKind = .reusable
  ) throws(Errno) -> LocatedFileHandle {
    try makeHandle(name, 0, mountIDs)
  }

  /// What the file system tells this open file from others by, where it makes no handle to open it
  /// by, too; `AT_HANDLE_FID`.
  ///
  /// - Throws: `EOPNOTSUPP`; `EINVAL` before Linux 6.5.
  package func fileID() throws(Errno) -> FileHandle {
    try makeHandle(PathName(""), swift_at_empty_path | swift_at_handle_fid, .reusable).handle
  }

  /// Opens the file of `handle`, on the file system that this open file or directory is on;
  /// `open_by_handle_at(2)`.
  ///
  /// This descriptor must not be opened with `O_PATH`.
  ///
  /// - Throws: `ESTALE` if the file is gone, `EPERM` without CAP_DAC_READ_SEARCH.
  package func open(
    _ handle: FileHandle, _ flags: OpenFlags
  ) throws(Errno) -> OwnedDescriptor {
    var structure = swift_file_handle()
    structure.handle_bytes = UInt32(truncatingIfNeeded: handle.byteCount)
    structure.handle_type = handle.type
    // SAFETY: both are 128 bytes of plain words.
    unsafe withUnsafeMutableBytes(of: &structure.words) { target in
      for index in 0..<handle.wordCount {
        unsafe target.storeBytes(of: handle.words[index], toByteOffset: index * 8, as: UInt64.self)
      }
    }
    let bits = flags.union(.closeOnExec).rawValue
    let file = OwnedDescriptor(taking: try open(&structure, bits))
    #if DEBUG
      try FaultyCall.openHandle.checkFault(file.borrowed, PathName(""))
    #endif
    return file
  }

  /// Opens a handle, again if there is no memory for it.
  ///
  /// That is what the kernel says, too, while a new file is being made with the number of one that
  /// is gone (`iget_locked` meets `I_CREATING`, fs/inode.c): it is over in a moment.
  private func open(_ handle: inout swift_file_handle, _ flags: Int32) throws(Errno) -> Int32 {
    for _ in 0..<Self.triesWhileReused {
      do throws(Errno) {
        // SAFETY: `handle` has room for as many bytes as it says it has, and lives.
        return try attempt { unsafe swift_open_by_handle_at(rawValue, &handle, flags) }
      } catch {
        guard error == .noMemory else { throw error }
        sched_yield()
      }
    }
    throw .noMemory
  }

  private static let triesWhileReused = 16

  @inline(__always)
  private func makeHandle(
    _ path: borrowing PathName, _ flags: Int32, _ mountIDs: MountIDKind
  ) throws(Errno) -> LocatedFileHandle {
    let bits =
      switch mountIDs {
      case .reusable: flags
      case .unique: flags | swift_at_handle_mnt_id_unique
      }
    var structure = swift_file_handle()
    structure.handle_bytes = swift_max_handle_size
    var mountID: UInt64 = 0
    #if DEBUG
      try FaultyCall.makeHandle.checkFault(self, path)
    #endif
    // SAFETY: the string is terminated; `structure` has the room that it says it has.
    _ = try unsafe path.withCString { (path) throws(Errno) in
      try attempt { unsafe swift_name_to_handle_at(rawValue, path, &structure, &mountID, bits) }
    }
    guard 0..<0xff ~= structure.handle_type else { throw .overflow }
    var words = [16 of UInt64](repeating: 0)
    // SAFETY: 128 bytes of plain words, read at multiples of 8 below 128.
    unsafe withUnsafeBytes(of: structure.words) { source in
      for index in 0..<16 {
        words[index] = unsafe source.load(fromByteOffset: index * 8, as: UInt64.self)
      }
    }
    let handle = FileHandle(
      type: structure.handle_type, byteCount: Int(structure.handle_bytes), words: words)
    return LocatedFileHandle(handle: handle, mountID: mountID)
  }
}
