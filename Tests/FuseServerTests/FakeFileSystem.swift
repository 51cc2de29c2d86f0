import FuseProtocol
import FuseServer
import Linux

/// A file system that writes down what it is asked, and answers as it was told to.
final class FakeFileSystem: FileSystem {
  /// The operations in order, by name, with what tells them apart.
  private(set) var calls: [String] = []
  /// What every operation throws, if anything.
  var error: Errno?
  var preferences = SessionPreferences(flags: [], maximumWriteByteCount: 1 << 20)
  var unserved: Set<Opcode> = []
  var mayWait = true
  /// What an appending operation appends.
  var appended: [UInt8] = []
  var copied: UInt64 = 0
  /// The names that a directory has.
  var names: [String] = []
  /// What each INIT agreed to.
  private(set) var agreements: [Agreement] = []

  static let attr = Attr(ino: 77, size: 5, mode: 0o100_644)
  static let entry = EntryOut(node: NodeID(rawValue: 42), attr: attr)
  static let file = FileReference(
    descriptor: Descriptor(rawValue: -1), handle: 9, readsAtOnce: .no, writesAtOnce: .no)

  private func note(_ call: String) throws(Errno) {
    calls.append(call)
    if let error { throw error }
  }

  func forgetCalls() {
    calls = []
  }

  var sessionPreferences: SessionPreferences { preferences }
  func begin(_ agreement: Agreement) {
    calls.append("begin")
    agreements.append(agreement)
  }
  func end() { calls.append("end") }
  func quiesce() {}
  func goIdle() {}
  func wake() {}
  func pin(_ file: FileReference) {}
  func unpin(_ file: FileReference) {}
  func refusesNoWait(_ file: FileReference, _ transfer: Transfer) -> AtOnce { .no }
  func hasWaited(for file: FileReference) {}
  func withoutSetIDCapability<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R { try body() }
  func serves(_ opcode: Opcode) -> Bool { !unserved.contains(opcode) }
  func placement(of opcode: Opcode, on node: NodeID) -> Placement {
    opcode == .syncfs ? .worker : .inline
  }
}

extension FakeFileSystem {
  func lookup(_ name: borrowing Name, in parent: NodeID) throws(Errno) -> EntryOut {
    try note("lookup \(text(name)) in \(parent.rawValue)")
    return Self.entry
  }
  func forget(_ node: NodeID, lookups: UInt64) {
    calls.append("forget \(node.rawValue) \(lookups)")
  }
  func mknod(
    _ arguments: MknodIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut {
    try note("mknod \(text(name)) by \(creator.uid):\(creator.gid)")
    return Self.entry
  }
  func mkdir(
    _ arguments: MkdirIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut {
    try note("mkdir \(text(name)) by \(creator.uid):\(creator.gid)")
    return Self.entry
  }
  func symlink(
    _ name: borrowing Name, target: borrowing Name, in parent: NodeID,
    by creator: borrowing Creator
  ) throws(Errno) -> EntryOut {
    try note("symlink \(text(name)) to \(text(target)) by \(creator.uid):\(creator.gid)")
    return Self.entry
  }
  func link(_ node: NodeID, as name: borrowing Name, in parent: NodeID) throws(Errno) -> EntryOut {
    try note("link \(node.rawValue) as \(text(name)) in \(parent.rawValue)")
    return Self.entry
  }
  func unlink(_ name: borrowing Name, in parent: NodeID) throws(Errno) {
    try note("unlink \(text(name))")
  }
  func rmdir(_ name: borrowing Name, in parent: NodeID) throws(Errno) {
    try note("rmdir \(text(name))")
  }
  func rename(
    _ name: borrowing Name, in parent: NodeID, to newName: borrowing Name, in newParent: NodeID,
    flags: UInt32, by creator: borrowing Creator
  ) throws(Errno) {
    try note(
      "rename \(text(name)) in \(parent.rawValue) to \(text(newName)) in \(newParent.rawValue)"
        + " flags \(flags) by \(creator.uid):\(creator.gid)")
  }
  func readlink(_ node: NodeID, into reply: inout ReplyBuffer) throws(Errno) {
    try note("readlink \(node.rawValue)")
    let bytes = appended
    try reply.append(bytes.raw)
  }
}

extension FakeFileSystem {
  func getattr(_ node: NodeID, _ arguments: GetattrIn) throws(Errno) -> AttrOut {
    try note("getattr \(node.rawValue)")
    return AttrOut(attr: Self.attr)
  }
  func setattr(_ node: NodeID, _ arguments: SetattrIn) throws(Errno) -> AttrOut {
    try note("setattr \(node.rawValue)")
    return AttrOut(attr: Self.attr)
  }
  func access(_ node: NodeID, _ arguments: AccessIn, uid: UInt32, gid: UInt32) throws(Errno) {
    try note("access \(node.rawValue) by \(uid):\(gid)")
  }
  func statfs(_ node: NodeID) throws(Errno) -> KStatfs {
    try note("statfs")
    return KStatfs(blocks: 1)
  }
  func setxattr(
    _ node: NodeID, name: borrowing Name, value: RawSpan, flags: UInt32, extendedFlags: UInt32
  ) throws(Errno) {
    try note("setxattr \(text(name)) \(value.byteCount) \(flags) \(extendedFlags)")
  }
  func getxattr(
    _ node: NodeID, name: borrowing Name, size: UInt32, into reply: inout ReplyBuffer
  ) throws(Errno) {
    try note("getxattr \(text(name)) \(size)")
    let bytes = appended
    try reply.append(bytes.raw)
  }
  func listxattr(_ node: NodeID, size: UInt32, into reply: inout ReplyBuffer) throws(Errno) {
    try note("listxattr \(size)")
    let bytes = appended
    try reply.append(bytes.raw)
  }
  func removexattr(_ node: NodeID, name: borrowing Name) throws(Errno) {
    try note("removexattr \(text(name))")
  }
  func syncfs(_ node: NodeID) throws(Errno) { try note("syncfs") }
}

extension FakeFileSystem {
  func open(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut {
    try note("open \(node.rawValue)")
    return OpenOut(handle: 9)
  }
  func create(
    _ arguments: CreateIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut {
    try note("create \(text(name)) by \(creator.uid):\(creator.gid)")
    return CreateOut(entry: Self.entry, open: OpenOut(handle: 9))
  }
  func tmpfile(
    _ arguments: CreateIn, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut {
    try note("tmpfile by \(creator.uid):\(creator.gid)")
    return CreateOut(entry: Self.entry, open: OpenOut(handle: 9))
  }
  func read(_ node: NodeID, _ arguments: ReadIn) throws(Errno) -> DeferredCall {
    try note("read \(arguments.byteCount)")
    return .read(Self.file, offset: arguments.offset, byteCount: Int(arguments.byteCount))
  }
  func write(_ node: NodeID, _ arguments: WriteIn) throws(Errno) -> DeferredCall {
    try note("write \(arguments.byteCount)")
    return .write(
      Self.file,
      WriteCall(
        offset: arguments.offset, byteCount: Int(arguments.byteCount), appends: false,
        syncFlags: 0, killsSetID: false))
  }
  func flush(_ node: NodeID, _ arguments: FlushIn) throws(Errno) { try note("flush") }
  func release(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno) { try note("release") }
  func fsync(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall {
    try note("fsync")
    return .sync(Self.file, dataOnly: arguments.flags.contains(.dataOnly))
  }
  func fallocate(_ node: NodeID, _ arguments: FallocateIn) throws(Errno) -> DeferredCall {
    try note("fallocate")
    return .allocate(
      Self.file,
      AllocateCall(mode: 0, offset: 0, byteCount: arguments.byteCount, killsSetID: false))
  }
  func lseek(_ node: NodeID, _ arguments: LseekIn) throws(Errno) -> LseekOut {
    try note("lseek")
    return LseekOut(offset: 123)
  }
  func copyFileRange(_ node: NodeID, _ arguments: CopyFileRangeIn) throws(Errno) -> UInt64 {
    try note("copyFileRange \(arguments.byteCount)")
    return copied
  }
  func opendir(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut {
    try note("opendir \(node.rawValue)")
    return OpenOut(handle: 9)
  }
  func readdir(
    _ node: NodeID, _ arguments: ReadIn, plus: Bool, into reply: inout ReplyBuffer
  ) throws(Errno) {
    try note("readdir \(plus)")
    for (index, name) in names.enumerated() {
      let dirent = Dirent(ino: UInt64(index) + 100, offset: UInt64(index) + 1, type: 8)
      let bytes = Array(name.utf8)
      let fitted =
        plus
        ? reply.append(Self.entry, dirent, name: bytes.raw)
        : reply.append(dirent, name: bytes.raw)
      if !fitted { return }
    }
  }
  func releasedir(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno) { try note("releasedir") }
  func fsyncdir(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall {
    try note("fsyncdir")
    return .sync(Self.file, dataOnly: false)
  }
}
