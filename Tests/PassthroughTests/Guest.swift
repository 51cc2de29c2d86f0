import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

/// A guest on a share of a temporary directory: the operations by text and numbers, as a caller
/// with the ids and the umask that it has at the time.
final class Guest {
  let directory: TemporaryDirectory
  let share: Share
  let view: Passthrough
  var creator = Creator(uid: 0, gid: 0)

  init(_ directory: TemporaryDirectory, _ configuration: Configuration) throws(Errno) {
    self.directory = directory
    share = try Share(
      configuration: configuration, directory: try openHostDirectory(directory.path))
    view = try share.makeView()
  }

  /// Another view of the same share, for another thread.
  init(_ directory: TemporaryDirectory, sharing share: Share) throws(Errno) {
    self.directory = directory
    self.share = share
    view = try share.makeView()
  }

  /// A path on the host.
  func path(_ name: String) -> String {
    "\(directory.path)/\(name)"
  }
}

extension Guest {
  /// Whether the share is on ext4, XFS, btrfs or tmpfs.
  var isOnNativeFileSystem: Bool {
    get throws(Errno) {
      let root = try openHostDirectory(directory.path)
      let types: [UInt64] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994]
      return types.contains(try root.borrowed.fileSystemStatus().type)
    }
  }
}

/// Only root may give files to others, make devices and lift its capabilities.
let needsRoot = ConditionTrait.enabled(
  if: ThreadIdentity.user == 0, "only root may act as others and make devices")

/// Runs `body` with a guest on a thread of its own, since a view takes over its thread's identity.
func withGuest(
  in directory: TemporaryDirectory? = nil,
  _ configure: @escaping @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @escaping @Sendable (Guest) throws -> Void
) async throws {
  let directory = try directory ?? TemporaryDirectory("share")
  try await onOwnThread {
    var configuration = Configuration()
    configuration.descriptorBudget = 1000
    configure(&configuration)
    try body(try Guest(directory, configuration))
  }
}

extension Guest {
  func lookup(_ name: String, in parent: NodeID = .root) throws(Errno) -> EntryOut {
    try withName(name) { (name) throws(Errno) in try view.lookup(name, in: parent) }
  }

  func mkdir(
    _ name: String, in parent: NodeID = .root, mode: UInt32 = 0o755
  ) throws(Errno) -> EntryOut {
    try withName(name) { (name) throws(Errno) in
      try view.mkdir(MkdirIn(mode: mode), name: name, in: parent, by: creator)
    }
  }

  func mknod(
    _ name: String, in parent: NodeID = .root, mode: UInt32, device: UInt32 = 0
  ) throws(Errno) -> EntryOut {
    try withName(name) { (name) throws(Errno) in
      try view.mknod(
        MknodIn(mode: mode, device: device), name: name, in: parent, by: creator)
    }
  }

  func symlink(
    _ name: String, to target: String, in parent: NodeID = .root
  ) throws(Errno) -> EntryOut {
    try withName(name) { (name) throws(Errno) in
      try withName(target) { (target) throws(Errno) in
        try view.symlink(name, target: target, in: parent, by: creator)
      }
    }
  }

  func link(
    _ node: NodeID, as name: String, in parent: NodeID = .root
  ) throws(Errno) -> EntryOut {
    try withName(name) { (name) throws(Errno) in try view.link(node, as: name, in: parent) }
  }

  func unlink(_ name: String, in parent: NodeID = .root) throws(Errno) {
    try withName(name) { (name) throws(Errno) in try view.unlink(name, in: parent) }
  }

  func rmdir(_ name: String, in parent: NodeID = .root) throws(Errno) {
    try withName(name) { (name) throws(Errno) in try view.rmdir(name, in: parent) }
  }

  func rename(
    _ name: String, in parent: NodeID = .root, to newName: String, into newParent: NodeID = .root,
    flags: UInt32 = 0
  ) throws(Errno) {
    try withName(name) { (name) throws(Errno) in
      try withName(newName) { (newName) throws(Errno) in
        try view.rename(
          name, in: parent, to: newName, in: newParent, flags: flags, by: creator)
      }
    }
  }

  func readlink(_ node: NodeID) throws(Errno) -> String {
    var reply = ReplyBuffer(capacity: 8192)
    reply.begin(unique: 1, limit: 8192)
    try view.readlink(node, into: &reply)
    return String(decoding: bytes(of: reply).dropFirst(16), as: UTF8.self)
  }

  /// Attributes as the guest asks for them after `stat`.
  func attributes(_ node: NodeID) throws(Errno) -> Attr {
    try view.getattr(node, GetattrIn()).attr
  }

  func setattr(_ node: NodeID, _ arguments: SetattrIn) throws(Errno) -> Attr {
    try view.setattr(node, arguments).attr
  }
}

extension Guest {
  func create(
    _ name: String, in parent: NodeID = .root, _ flags: OpenFlags = .readWrite,
    mode: UInt32 = 0o644
  ) throws(Errno) -> CreateOut {
    try withName(name) { (name) throws(Errno) in
      try view.create(
        CreateIn(flags: bits(flags.union(.create)), mode: FileMode.regular | mode), name: name,
        in: parent, by: creator)
    }
  }

  func tmpfile(
    in parent: NodeID = .root, _ flags: OpenFlags = .readWrite, mode: UInt32 = 0o600
  ) throws(Errno) -> CreateOut {
    try view.tmpfile(
      CreateIn(flags: bits(flags.union(.temporaryFile)), mode: FileMode.regular | mode),
      in: parent, by: creator)
  }

  func open(
    _ node: NodeID, _ flags: OpenFlags = .readOnly, killSetID: Bool = false
  ) throws(Errno) -> OpenOut {
    try view.open(
      node, OpenIn(flags: bits(flags), openFlags: killSetID ? .killSetID : []))
  }

  func release(_ handle: UInt64) throws(Errno) {
    try view.release(.root, ReleaseIn(handle: handle))
  }

  /// What a READ's deferred call brings.
  func read(_ handle: UInt64, at offset: UInt64 = 0, _ byteCount: UInt32 = 4096) throws -> String {
    let arguments = ReadIn(handle: handle, offset: offset, byteCount: byteCount)
    guard case .read(let file, let offset, let count) = try view.read(.root, arguments) else {
      throw Errno.protocolError
    }
    return try hostRead(file.descriptor, at: offset, count)
  }

  /// Has the deferred call of a WRITE done as a transport does it.
  func write(
    _ text: String, to handle: UInt64, at offset: UInt64 = 0, flags: OpenFlags = .readWrite,
    writeFlags: WriteFlags = []
  ) throws {
    let arguments = WriteIn(
      handle: handle, offset: offset, byteCount: UInt32(text.utf8.count),
      writeFlags: writeFlags, flags: bits(flags))
    guard case .write(let file, let call) = try view.write(.root, arguments) else {
      throw Errno.protocolError
    }
    let write = { () throws(Errno) in
      try hostWrite(
        text, to: file.descriptor, at: call.offset,
        flags: call.syncFlags | (call.appends ? ReadWriteFlags.append : 0))
    }
    if call.killsSetID { try view.withoutSetIDCapability(write) } else { try write() }
  }

  /// The call that a WRITE of five bytes becomes.
  func writeCall(
    to handle: UInt64, flags: OpenFlags = .readWrite, writeFlags: WriteFlags = []
  ) throws(Errno) -> WriteCall {
    let arguments = WriteIn(
      handle: handle, offset: 100, byteCount: 5, writeFlags: writeFlags, flags: bits(flags))
    guard case .write(_, let call) = try view.write(.root, arguments) else {
      throw .protocolError
    }
    return call
  }

  private func bits(_ flags: OpenFlags) -> UInt32 {
    UInt32(bitPattern: flags.rawValue)
  }
}

/// Types of files in a mode; `S_IF*`.
enum FileMode {
  static let mask: UInt32 = 0o170000
  static let fifo: UInt32 = 0o010000
  static let character: UInt32 = 0o020000
  static let directory: UInt32 = 0o040000
  static let block: UInt32 = 0o060000
  static let regular: UInt32 = 0o100000
  static let link: UInt32 = 0o120000
  static let socket: UInt32 = 0o140000
}
