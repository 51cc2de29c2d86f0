internal import CLinux

/// What `statfs(2)` tells of a file system.
package struct FileSystemStatus: Sendable, Equatable {
  /// The magic number of its type (`f_type`).
  package var type: UInt64
  /// The size of a transfer that it likes, in bytes (`f_bsize`).
  package var transferSize: UInt64
  /// The unit of the three block counts, in bytes (`f_frsize`).
  package var blockSize: UInt64
  package var blocks: UInt64
  package var freeBlocks: UInt64
  /// Free blocks that are not reserved for root.
  package var availableBlocks: UInt64
  package var files: UInt64
  package var freeFiles: UInt64
  /// The longest name, in bytes.
  package var nameLength: UInt64
  /// Mounted read-only (`ST_RDONLY`).
  package var isReadOnly: Bool
  /// What the mount forbids: `ST_RDONLY`, `ST_NOSUID`, `ST_NODEV`, `ST_NOEXEC`.
  package var restrictions: UInt8
}

extension Descriptor {
  /// The file system that this file, which may be opened with `O_PATH`, is on; `fstatfs(2)`.
  package func fileSystemStatus() throws(Errno) -> FileSystemStatus {
    var raw = statfs()
    // SAFETY: `raw` is a local of the structure that the call fills.
    _ = try attempt { unsafe fstatfs(rawValue, &raw) }
    let transferSize = UInt64(clamping: raw.f_bsize)
    return FileSystemStatus(
      type: UInt64(truncatingIfNeeded: raw.f_type),
      transferSize: transferSize,
      blockSize: raw.f_frsize > 0 ? UInt64(raw.f_frsize) : transferSize,
      blocks: UInt64(raw.f_blocks), freeBlocks: UInt64(raw.f_bfree),
      availableBlocks: UInt64(raw.f_bavail), files: UInt64(raw.f_files),
      freeFiles: UInt64(raw.f_ffree), nameLength: UInt64(clamping: raw.f_namelen),
      isReadOnly: raw.f_flags & Int(ST_RDONLY) != 0,
      restrictions: UInt8(truncatingIfNeeded: raw.f_flags & 0xf))
  }
}
