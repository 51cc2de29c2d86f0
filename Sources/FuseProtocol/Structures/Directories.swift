/// `fuse_dirent`: a record of READDIR, before the name.
package struct Dirent: WireValue {
  /// The inode number.
  package var ino: UInt64
  /// `off`: what to ask with for the records after this one.
  package var offset: UInt64
  /// `namelen`: the length of the name that follows, which has no NUL.
  package var nameByteCount: UInt32
  /// `DT_*`: the type bits of the mode, shifted right by 12.
  package var type: UInt32

  /// The structure with these fields; spare ones are zero.
  package init(ino: UInt64 = 0, offset: UInt64 = 0, nameByteCount: UInt32 = 0, type: UInt32 = 0) {
    self.ino = ino
    self.offset = offset
    self.nameByteCount = nameByteCount
    self.type = type
  }
}

/// `fuse_direntplus`: a record of READDIRPLUS, before the name.
package struct Direntplus: WireValue {
  /// The object, as LOOKUP would have it; node 0 for none.
  package var entry: EntryOut
  /// The record.
  package var dirent: Dirent

  /// The structure with these fields; spare ones are zero.
  package init(entry: EntryOut = EntryOut(), dirent: Dirent = Dirent()) {
    self.entry = entry
    self.dirent = dirent
  }
}
