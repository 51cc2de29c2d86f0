package import FuseProtocol

extension ReplyBuffer {
  /// Whether a record with a name of that length can still be appended.
  package func fits(nameByteCount: Int, plus: Bool) -> Bool {
    let fixed = plus ? MemoryLayout<Direntplus>.size : MemoryLayout<Dirent>.size
    return nameByteCount >= 0 && Self.padded(fixed + nameByteCount) <= remaining
  }

  /// Appends a record of READDIR, whole or not at all.
  ///
  /// - Parameter dirent: The record; its length of the name is taken from `name`.
  /// - Returns: Whether it fitted.
  package mutating func append(_ dirent: Dirent, name: RawSpan) -> Bool {
    guard fits(nameByteCount: name.byteCount, plus: false) else { return false }
    storeRecord(dirent, name: name)
    return true
  }

  /// Appends a record of READDIRPLUS, whole or not at all.
  ///
  /// What `entry` names counts as looked up only if this returns true: ask `fits` before.
  ///
  /// - Parameter entry: The object; node 0 for a record without one.
  /// - Parameter dirent: The record; its length of the name is taken from `name`.
  /// - Returns: Whether it fitted.
  package mutating func append(_ entry: EntryOut, _ dirent: Dirent, name: RawSpan) -> Bool {
    guard fits(nameByteCount: name.byteCount, plus: true) else { return false }
    store(entry)
    storeRecord(dirent, name: name)
    return true
  }

  private mutating func storeRecord(_ dirent: Dirent, name: RawSpan) {
    var dirent = dirent
    dirent.nameByteCount = UInt32(truncatingIfNeeded: name.byteCount)
    store(dirent)
    store(name)
    // What precedes the name is a multiple of eight bytes, in either kind of record.
    for _ in name.byteCount..<Self.padded(name.byteCount) {
      store(0 as UInt8)
    }
  }

  /// `FUSE_DIRENT_ALIGN`.
  private static func padded(_ byteCount: Int) -> Int {
    (byteCount + 7) & ~7
  }
}
