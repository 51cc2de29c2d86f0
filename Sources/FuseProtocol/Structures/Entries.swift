/// `fuse_entry_out`: a name's object; the reply to LOOKUP and to what creates.
package struct EntryOut: WireValue {
  /// The object; 0 says that there is none and that this may be cached.
  package var node: NodeID
  /// Tells apart the objects that one `node` stands for over time.
  package var generation: UInt64
  /// How long the guest may trust the name.
  package var entryValidSeconds: UInt64
  /// How long the guest may trust the attributes.
  package var attrValidSeconds: UInt64
  /// The fraction of `entryValidSeconds`.
  package var entryValidNanoseconds: UInt32
  /// The fraction of `attrValidSeconds`.
  package var attrValidNanoseconds: UInt32
  /// The object's attributes.
  package var attr: Attr

  /// The structure with these fields; spare ones are zero.
  package init(
    node: NodeID = NodeID(rawValue: 0), generation: UInt64 = 0, entryValidSeconds: UInt64 = 0,
    attrValidSeconds: UInt64 = 0, entryValidNanoseconds: UInt32 = 0,
    attrValidNanoseconds: UInt32 = 0, attr: Attr = Attr()
  ) {
    self.node = node
    self.generation = generation
    self.entryValidSeconds = entryValidSeconds
    self.attrValidSeconds = attrValidSeconds
    self.entryValidNanoseconds = entryValidNanoseconds
    self.attrValidNanoseconds = attrValidNanoseconds
    self.attr = attr
  }
}

/// `fuse_forget_in`: the arguments of FORGET.
package struct ForgetIn: WireValue {
  /// `nlookup`: how many lookups are taken back.
  package var lookups: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(lookups: UInt64 = 0) {
    self.lookups = lookups
  }
}

/// `fuse_forget_one`: a node of a BATCH_FORGET.
package struct ForgetOne: WireValue {
  /// The node.
  package var node: NodeID
  /// `nlookup`: how many lookups are taken back.
  package var lookups: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(node: NodeID = NodeID(rawValue: 0), lookups: UInt64 = 0) {
    self.node = node
    self.lookups = lookups
  }
}

/// `fuse_batch_forget_in`: the arguments of BATCH_FORGET, before the nodes.
package struct BatchForgetIn: WireValue {
  /// How many `ForgetOne` follow.
  package var count: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(count: UInt32 = 0) {
    self.count = count
  }
}

/// `fuse_mknod_in`: the arguments of MKNOD, before the name.
package struct MknodIn: WireValue {
  /// Type and permissions.
  package var mode: UInt32
  /// `rdev`, encoded as in `Attr`.
  package var device: UInt32
  /// The caller's mask, to be applied if DONT_MASK was agreed to.
  package var umask: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(mode: UInt32 = 0, device: UInt32 = 0, umask: UInt32 = 0) {
    self.mode = mode
    self.device = device
    self.umask = umask
  }
}

/// `fuse_mkdir_in`: the arguments of MKDIR, before the name.
package struct MkdirIn: WireValue {
  /// Permissions; no type.
  package var mode: UInt32
  /// The caller's mask, to be applied if DONT_MASK was agreed to.
  package var umask: UInt32

  /// The structure with these fields; spare ones are zero.
  package init(mode: UInt32 = 0, umask: UInt32 = 0) {
    self.mode = mode
    self.umask = umask
  }
}

/// `fuse_rename_in`: the arguments of RENAME, before the names.
package struct RenameIn: WireValue {
  /// `newdir`: the directory of the new name.
  package var newParent: NodeID

  /// The structure with these fields; spare ones are zero.
  package init(newParent: NodeID = NodeID(rawValue: 0)) {
    self.newParent = newParent
  }
}

/// `fuse_rename2_in`: the arguments of RENAME2, before the names.
package struct Rename2In: WireValue {
  /// `newdir`: the directory of the new name.
  package var newParent: NodeID
  /// Those of `renameat2`.
  package var flags: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(newParent: NodeID = NodeID(rawValue: 0), flags: UInt32 = 0) {
    self.newParent = newParent
    self.flags = flags
  }
}

/// `fuse_link_in`: the arguments of LINK, before the new name.
package struct LinkIn: WireValue {
  /// `oldnodeid`: the object that gets another name.
  package var node: NodeID

  /// The structure with these fields; spare ones are zero.
  package init(node: NodeID = NodeID(rawValue: 0)) {
    self.node = node
  }
}
