/// `fuse_in_header`: what every request begins with.
package struct InHeader: WireValue {
  /// `len`: the length of the request, this header and data included.
  package var byteCount: UInt32
  /// The number of the operation; `Opcode(rawValue:)` if it has a name here.
  package var opcode: UInt32
  /// What the reply is told apart by.
  package var unique: UInt64
  /// The object, or the parent directory of the operation's name.
  package var node: NodeID
  /// The caller's `fsuid`.
  package var uid: UInt32
  /// The caller's `fsgid`.
  package var gid: UInt32
  /// The caller's process; 0 for none.
  package var pid: UInt32
  /// `total_extlen`: the length of the extensions at the end, in units of eight bytes.
  package var extensionWordCount: UInt16
  private var padding: UInt16 = 0

  /// The structure with these fields; spare ones are zero.
  package init(
    byteCount: UInt32 = 0, opcode: UInt32 = 0, unique: UInt64 = 0,
    node: NodeID = NodeID(rawValue: 0), uid: UInt32 = 0, gid: UInt32 = 0, pid: UInt32 = 0,
    extensionWordCount: UInt16 = 0
  ) {
    self.byteCount = byteCount
    self.opcode = opcode
    self.unique = unique
    self.node = node
    self.uid = uid
    self.gid = gid
    self.pid = pid
    self.extensionWordCount = extensionWordCount
  }
}

/// `fuse_out_header`: what every reply begins with.
package struct OutHeader: WireValue {
  /// `len`: the length of the reply, this header included.
  package var byteCount: UInt32
  /// 0, or the error's number, negative.
  package var error: Int32
  /// That of the request.
  package var unique: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0, error: Int32 = 0, unique: UInt64 = 0) {
    self.byteCount = byteCount
    self.error = error
    self.unique = unique
  }
}
