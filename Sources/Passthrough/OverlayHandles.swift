internal import Linux

// What the handles of an overlayfs tell, and which of them open their files.
//
// Whoever opens one makes the kernel read attributes of files in the upper layer whose names begin
// with `trusted.`, with his own rights, if the file is in no cache (fs/overlayfs/export.c). Without
// CAP_SYS_ADMIN there seem to be none. Then a file of a lower layer that was copied up is gone
// (`overlay.origin`, or for a directory `overlay.upper` of the index), and one of the upper layer
// loses what forbids to write to it (`overlay.protattr`: `chattr +i`). So without that right a
// handle only tells its file from others, and the node is pinned. Directories of the upper layer
// are the exception: the kernel looks them up by name.

/// Which layer of an overlay a file comes from.
enum OverlayLayer {
  /// The names of one file are names of one file.
  case upper
  /// The names of one file are separate files, unless there is an index.
  case lower
}

extension FileHandle {
  /// `OVL_FILEID_V1` (fs/overlayfs/overlayfs.h).
  private static let overlayType: Int32 = 0xf8

  /// The type, given by us, of an overlay's handle that may not open its file; no overlay's own.
  private static let tellingType: Int32 = 0xf7

  /// The layer that the file of an overlay's handle comes from.
  ///
  /// It is bit 2 of the flags of `struct ovl_fh` (fs/overlayfs/overlayfs.h), which follow three
  /// bytes of padding, the version, 0xfb and the length. A file that was copied up counts as a
  /// lower one.
  var overlayLayer: OverlayLayer? {
    guard type == Self.overlayType, byteCount > 6 else { return nil }
    let word = UInt64(littleEndian: words[0])
    guard word >> 32 & 0xff == 0xfb else { return nil }
    return word >> 48 & 4 != 0 ? .upper : .lower
  }

  /// This handle, or, if it is one of an overlay that may not open its file, what is left of it.
  func withoutRights(isDirectory: Bool) -> FileHandle {
    guard type == Self.overlayType, !isDirectory || overlayLayer != .upper else { return self }
    return FileHandle(type: Self.tellingType, byteCount: byteCount, words: words)
  }

  /// Whether a file can be opened by a handle of this type, as nodes keep it.
  static func opensFile(type: Int32) -> Bool { type != watchType && type != tellingType }

  /// Whether the file can be opened by it.
  var opensFile: Bool { FileHandle.opensFile(type: type) }
}

extension Descriptor {
  /// Where this file of an overlayfs lies, if the kernel tells.
  ///
  /// Nothing tells before Linux 6.6, nor on overlays of a user namespace.
  var overlayLayer: OverlayLayer? { (try? fileID())?.overlayLayer }
}
