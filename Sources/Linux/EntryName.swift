internal import CLinux

extension PathName {
  /// Whether this names an entry of the directory itself: not empty, no slash, not "..".
  ///
  /// Only such a name may be given to calls that resolve a path freely, like `statx`.
  package var isEntryName: Bool {
    // SAFETY: the string is terminated; bytes 1 and 2 are read only when those before are no NUL.
    unsafe withCString { path in
      guard unsafe path[0] != 0 else { return false }
      let dot = CChar(0x2e)
      if unsafe path[0] == dot && path[1] == dot && path[2] == 0 { return false }
      return unsafe strchr(path, 0x2f) == nil
    }
  }
}
