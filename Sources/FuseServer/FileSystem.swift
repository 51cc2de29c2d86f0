package import FuseProtocol
package import Linux

/// A file system as one thread sees it: a *view*.
///
/// Views of one file system share its nodes and open files; credentials and scratch memory are the
/// view's own, so a view must stay on the thread that made it. The methods are named after the
/// opcodes of FUSE (`enum fuse_opcode`), take the decoded structures and throw what the guest gets.
package protocol FileSystem: AnyObject {
  // MARK: The session

  /// What to agree to in FUSE_INIT, of what the guest offers.
  var sessionPreferences: SessionPreferences { get }
  /// A new session begins with `agreement`: everything an earlier one left is dropped.
  func begin(_ agreement: Agreement)
  /// FUSE_DESTROY: drops all nodes but the root, all handles.
  func end()

  // MARK: The edges of the thread's loop

  /// Nothing borrowed from the file system is in use by this thread, save what it pinned.
  func quiesce()
  /// The thread is about to sleep; `wake` will be called before any other method.
  func goIdle()
  /// The thread is awake again.
  func wake()

  // MARK: Deferred calls

  /// Keeps `file` open until `unpin`, whatever the guest releases.
  func pin(_ file: FileReference)
  /// Ends `pin`. May be called from any thread.
  func unpin(_ file: FileReference)
  /// The host refused `RWF_NOWAIT` on `file` with EOPNOTSUPP.
  func refusesNoWait(_ file: FileReference)
  /// Calls `body` on a thread that lacks CAP_FSETID, so that the host clears set-id bits.
  func withoutSetIDCapability<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R
  /// Whether the operation is served at all: if not, the guest gets ENOSYS and stops asking.
  func serves(_ opcode: Opcode) -> Bool
  /// Whether a request may block in a way that cannot be deferred.
  func placement(of opcode: Opcode, on node: NodeID) -> Placement

  // MARK: Names

  func lookup(_ name: borrowing Name, in parent: NodeID) throws(Errno) -> EntryOut
  func forget(_ node: NodeID, lookups: UInt64)
  func mknod(
    _ arguments: MknodIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut
  func mkdir(
    _ arguments: MkdirIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut
  func symlink(
    _ name: borrowing Name, target: borrowing Name, in parent: NodeID,
    by creator: borrowing Creator
  ) throws(Errno) -> EntryOut
  func link(
    _ node: NodeID, as name: borrowing Name, in parent: NodeID
  ) throws(Errno) -> EntryOut
  func unlink(_ name: borrowing Name, in parent: NodeID) throws(Errno)
  func rmdir(_ name: borrowing Name, in parent: NodeID) throws(Errno)
  /// RENAME and RENAME2; `flags` are those of `renameat2`. `creator` makes the whiteout.
  func rename(
    _ name: borrowing Name, in parent: NodeID, to newName: borrowing Name, in newParent: NodeID,
    flags: UInt32, by creator: borrowing Creator
  ) throws(Errno)
  func readlink(_ node: NodeID, into reply: inout ReplyBuffer) throws(Errno)

  // MARK: Attributes

  func getattr(_ node: NodeID, _ arguments: GetattrIn) throws(Errno) -> AttrOut
  func setattr(_ node: NodeID, _ arguments: SetattrIn) throws(Errno) -> AttrOut
  func access(_ node: NodeID, _ arguments: AccessIn, uid: UInt32, gid: UInt32) throws(Errno)
  func statfs(_ node: NodeID) throws(Errno) -> KStatfs

  // MARK: Open files

  func open(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut
  func create(
    _ arguments: CreateIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut
  func tmpfile(
    _ arguments: CreateIn, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut
  func read(_ node: NodeID, _ arguments: ReadIn) throws(Errno) -> DeferredCall
  func write(_ node: NodeID, _ arguments: WriteIn) throws(Errno) -> DeferredCall
  func flush(_ node: NodeID, _ arguments: FlushIn) throws(Errno)
  func release(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno)
  func fsync(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall
  func fallocate(_ node: NodeID, _ arguments: FallocateIn) throws(Errno) -> DeferredCall
  func lseek(_ node: NodeID, _ arguments: LseekIn) throws(Errno) -> LseekOut
  func copyFileRange(
    _ node: NodeID, _ arguments: CopyFileRangeIn
  ) throws(Errno) -> UInt64

  // MARK: Directories

  func opendir(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut
  /// READDIR, or READDIRPLUS if `plus`: appends whole records, at most `arguments.byteCount`
  /// bytes, which is also all that `reply` takes.
  func readdir(
    _ node: NodeID, _ arguments: ReadIn, plus: Bool, into reply: inout ReplyBuffer
  ) throws(Errno)
  func releasedir(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno)
  func fsyncdir(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall

  // MARK: Extended attributes

  func setxattr(
    _ node: NodeID, name: borrowing Name, value: RawSpan, flags: UInt32, extendedFlags: UInt32
  ) throws(Errno)
  /// Appends the value; with `size` 0 a `GetxattrOut` with its length.
  func getxattr(
    _ node: NodeID, name: borrowing Name, size: UInt32, into reply: inout ReplyBuffer
  ) throws(Errno)
  /// Appends the names, each with its NUL; with `size` 0 a `GetxattrOut` with their length.
  func listxattr(_ node: NodeID, size: UInt32, into reply: inout ReplyBuffer) throws(Errno)
  func removexattr(_ node: NodeID, name: borrowing Name) throws(Errno)

  // MARK: The whole file system

  func syncfs(_ node: NodeID) throws(Errno)
}

extension FileSystem {
  package func serves(_ opcode: Opcode) -> Bool { true }
}

/// Gives each thread its view of one file system.
package protocol FileSystemProvider: AnyObject, Sendable {
  associatedtype View: FileSystem

  /// Makes a view for the calling thread, which must be the only one to use it.
  ///
  /// - Throws: What the host says, if it has no resources left for another thread.
  func makeView() throws(Errno) -> View

  /// Drops what a guest has looked up and opened: the device was reset.
  func endSession()
}
