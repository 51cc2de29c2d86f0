package import FuseProtocol
package import FuseServer
package import Linux
internal import Synchronization

/// Extended attributes pass through by name, except POSIX access lists.
///
/// Those mean something only to a guest that was told to enforce them; one that was not would set
/// them and go on judging by the mode alone.
extension Passthrough {
  /// Without `--xattr` the guest is told that there are none, and stops asking.
  package func serves(_ opcode: Opcode) -> Bool {
    configuration.allowsExtendedAttributes || !opcode.isOfExtendedAttributes
  }

  package func setxattr(
    _ node: NodeID, name: borrowing Name, value: RawSpan, flags: UInt32, extendedFlags: UInt32
  ) throws(Errno) {
    try checkWritable()
    try checkAttribute(name)
    guard flags & ~AttributeFlags.all == 0 else { throw .invalidArgument }
    guard value.byteCount <= maximumValueByteCount else { throw .tooBig }
    let path = try PathName(name.bytesWithTerminator)
    let kills = extendedFlags & AttributeFlags.killSetGroupID != 0
    // After the call and before the answer: who looked before it knows of an older count.
    defer {
      if isCapability(name) { share.capabilityChanges.wrappingAdd(1, ordering: .releasing) }
    }
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try clearingSetID(if: kills) { () throws(Errno) in
        try nodes.links.setAttribute(path, of: file, to: value, flags: Int32(flags))
      }
    }
  }

  package func getxattr(
    _ node: NodeID, name: borrowing Name, size: UInt32, into reply: inout ReplyBuffer
  ) throws(Errno) {
    try checkAttribute(name)
    guard isCapability(name) else { return try read(name, of: node, size, into: &reply) }
    let change = share.capabilityChanges.load(ordering: .acquiring)
    if absentCapabilities.contains(node, since: change) {
      _ = try nodes.fileType(of: node)
      throw .noData
    }
    do throws(Errno) {
      try read(name, of: node, size, into: &reply)
    } catch {
      if error == .noData { absentCapabilities.insert(node, since: change) }
      throw error
    }
  }

  package func listxattr(
    _ node: NodeID, size: UInt32, into reply: inout ReplyBuffer
  ) throws(Errno) {
    // The names are read here first: what the guest's room must hold is not all that the host has.
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try attributeNames.fill(from: nodes.links, file)
    }
    try append(attributeNames, size: size, to: &reply)
  }

  package func removexattr(_ node: NodeID, name: borrowing Name) throws(Errno) {
    try checkWritable()
    try checkAttribute(name)
    let path = try PathName(name.bytesWithTerminator)
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      try nodes.links.removeAttribute(path, of: file)
    }
  }
}

extension Passthrough {
  /// Throws unless `name` is one that the guest may use.
  ///
  /// - Throws: `ERANGE` as the kernel has it for an impossible name; `EOPNOTSUPP` for access lists.
  private func checkAttribute(_ name: borrowing Name) throws(Errno) {
    guard (1...maximumNameByteCount).contains(name.byteCount) else { throw .outOfRange }
    guard !isHidden(name.bytesWithTerminator) else { throw .notSupported }
  }

  /// Appends the value of an attribute, or with `size` 0 its length.
  private func read(
    _ name: borrowing Name, of node: NodeID, _ size: UInt32, into reply: inout ReplyBuffer
  ) throws(Errno) {
    let path = try PathName(name.bytesWithTerminator)
    try nodes.withDescriptor(of: node) { (file) throws(Errno) in
      guard size > 0 else {
        let byteCount = try nodes.links.attributeByteCount(path, of: file)
        return try reply.append(GetxattrOut(byteCount: UInt32(clamping: byteCount)))
      }
      try reply.append(upTo: Int(size)) { (value) throws(Errno) in
        try nodes.links.readAttribute(path, of: file, into: &value)
      }
    }
  }

  /// Whether `name` is `security.capability`.
  private func isCapability(_ name: borrowing Name) -> Bool {
    name.byteCount == 19 && name.bytesWithTerminator.starts(with: "security.capability")
  }

  /// Appends the names that the guest may see, or with `size` 0 their length.
  private func append(
    _ buffer: borrowing AttributeNameBuffer, size: UInt32, to reply: inout ReplyBuffer
  ) throws(Errno) {
    var byteCount = 0
    var names = buffer.names
    while let name = names.next() {
      guard !isHidden(name) else { continue }
      byteCount += name.byteCount
      guard size > 0 else { continue }
      guard byteCount <= Int(size) else { throw .outOfRange }
      try reply.append(name)
    }
    if size == 0 { try reply.append(GetxattrOut(byteCount: UInt32(clamping: byteCount))) }
  }

  /// Whether `name` is that of a POSIX access list.
  private func isHidden(_ name: RawSpan) -> Bool {
    name.starts(with: "system.posix_acl_")
  }
}

extension Opcode {
  fileprivate var isOfExtendedAttributes: Bool {
    self == .setxattr || self == .getxattr || self == .listxattr || self == .removexattr
  }
}

/// `XATTR_NAME_MAX`.
private let maximumNameByteCount = 255
/// `XATTR_SIZE_MAX`.
private let maximumValueByteCount = 65536

/// The flags of SETXATTR.
private enum AttributeFlags {
  /// `XATTR_CREATE` and `XATTR_REPLACE`.
  static let all: UInt32 = 3
  /// `FUSE_SETXATTR_ACL_KILL_SGID`, among the extended ones.
  static let killSetGroupID: UInt32 = 1
}
