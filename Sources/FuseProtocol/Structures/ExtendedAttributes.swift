/// `fuse_setxattr_in` as it was before SETXATTR_EXT: the arguments of SETXATTR, before the name.
package struct SetxattrInCompat: WireValue {
  /// `size`: the length of the value after the name.
  package var byteCount: UInt32
  /// Those of `setxattr`.
  package var flags: UInt32

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0, flags: UInt32 = 0) {
    self.byteCount = byteCount
    self.flags = flags
  }
}

/// `fuse_setxattr_in`: the arguments of SETXATTR with SETXATTR_EXT, before the name.
package struct SetxattrIn: WireValue {
  /// `size`: the length of the value after the name.
  package var byteCount: UInt32
  /// Those of `setxattr`.
  package var flags: UInt32
  /// `setxattr_flags`: 1 (`FUSE_SETXATTR_ACL_KILL_SGID`) clears the set-group-id bit.
  package var extendedFlags: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0, flags: UInt32 = 0, extendedFlags: UInt32 = 0) {
    self.byteCount = byteCount
    self.flags = flags
    self.extendedFlags = extendedFlags
  }
}

/// `fuse_getxattr_in`: the arguments of GETXATTR, before the name, and of LISTXATTR.
package struct GetxattrIn: WireValue {
  /// `size`: the room for the value; 0 asks for its length.
  package var byteCount: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0) {
    self.byteCount = byteCount
  }
}

/// `fuse_getxattr_out`: the reply to GETXATTR and LISTXATTR with size 0.
package struct GetxattrOut: WireValue {
  /// `size`: the length that the value has.
  package var byteCount: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0) {
    self.byteCount = byteCount
  }
}
