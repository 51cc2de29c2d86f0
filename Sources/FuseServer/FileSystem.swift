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
  ///
  /// - Returns: Whether this call may be made at once all the same.
  func refusesNoWait(_ file: FileReference, _ transfer: Transfer) -> AtOnce
  /// A WRITE that was made at once has made this thread wait.
  func hasWaited(for file: FileReference)
  /// Calls `body` on a thread that lacks CAP_FSETID, so that the host clears set-id bits.
  func withoutSetIDCapability<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R
  /// Whether the operation is served at all: if not, the guest gets ENOSYS and stops asking.
  func serves(_ opcode: Opcode) -> Bool
  /// Whether nobody waits for the thread: if not, what may take long is postponed.
  var mayWait: Bool { get }
  /// Whether a request may block in a way that cannot be deferred.
  func placement(of opcode: Opcode, on node: NodeID) -> Placement

  // MARK: Names

  /// Finds an entry; the node counts as looked up once more. ENOENT, if there is none.
  func lookup(_ name: borrowing Name, in parent: NodeID) throws(Errno) -> EntryOut
  /// Takes back that many lookups; a node that has none left is gone. Never more than there are.
  func forget(_ node: NodeID, lookups: UInt64)
  /// Makes a file, device, FIFO or socket; counts as a lookup, as do the next three.
  func mknod(
    _ arguments: MknodIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut
  /// Makes a directory.
  func mkdir(
    _ arguments: MkdirIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> EntryOut
  /// Makes a symbolic link to any string.
  func symlink(
    _ name: borrowing Name, target: borrowing Name, in parent: NodeID,
    by creator: borrowing Creator
  ) throws(Errno) -> EntryOut
  /// Gives a node another name, and the same node back.
  func link(
    _ node: NodeID, as name: borrowing Name, in parent: NodeID
  ) throws(Errno) -> EntryOut
  /// Removes a name that is not a directory's; the node stays until it is forgotten.
  func unlink(_ name: borrowing Name, in parent: NodeID) throws(Errno)
  /// Removes an empty directory.
  func rmdir(_ name: borrowing Name, in parent: NodeID) throws(Errno)
  /// RENAME and RENAME2; `flags` are those of `renameat2`. `creator` makes the whiteout.
  func rename(
    _ name: borrowing Name, in parent: NodeID, to newName: borrowing Name, in newParent: NodeID,
    flags: UInt32, by creator: borrowing Creator
  ) throws(Errno)
  /// Appends the target, without a NUL.
  func readlink(_ node: NodeID, into reply: inout ReplyBuffer) throws(Errno)

  // MARK: Attributes

  /// The attributes, of an open file if the arguments name one that is there.
  func getattr(_ node: NodeID, _ arguments: GetattrIn) throws(Errno) -> AttrOut
  /// Changes the attributes that `arguments.valid` names, and says what they are then.
  func setattr(_ node: NodeID, _ arguments: SetattrIn) throws(Errno) -> AttrOut
  /// Whether a user may do what the mask says. EACCES, if not.
  func access(_ node: NodeID, _ arguments: AccessIn, uid: UInt32, gid: UInt32) throws(Errno)
  /// The state of the file system that the node is on.
  func statfs(_ node: NodeID) throws(Errno) -> KStatfs

  // MARK: Open files

  /// Opens a regular file.
  func open(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut
  /// Makes a regular file, or opens the one that is there, unless O_EXCL; counts as a lookup.
  func create(
    _ arguments: CreateIn, name: borrowing Name, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut
  /// Makes a file without a name; counts as a lookup.
  func tmpfile(
    _ arguments: CreateIn, in parent: NodeID, by creator: borrowing Creator
  ) throws(Errno) -> CreateOut
  /// What to read: exactly what was asked for, save at the end of the file.
  func read(_ node: NodeID, _ arguments: ReadIn) throws(Errno) -> DeferredCall
  /// How to write the data that the request has.
  func write(_ node: NodeID, _ arguments: WriteIn) throws(Errno) -> DeferredCall
  /// A descriptor of the open file was closed: says what errors the host has kept until now.
  func flush(_ node: NodeID, _ arguments: FlushIn) throws(Errno)
  /// The handle is not used any more.
  func release(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno)
  /// What to bring to the disk.
  func fsync(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall
  /// What space to allocate or to free.
  func fallocate(_ node: NodeID, _ arguments: FallocateIn) throws(Errno) -> DeferredCall
  /// The next data or hole. ENXIO, past the end.
  func lseek(_ node: NodeID, _ arguments: LseekIn) throws(Errno) -> LseekOut
  /// Copies at most `arguments.byteCount` bytes, and says how many.
  func copyFileRange(
    _ node: NodeID, _ arguments: CopyFileRangeIn
  ) throws(Errno) -> UInt64

  // MARK: Directories

  /// Opens a directory.
  func opendir(_ node: NodeID, _ arguments: OpenIn) throws(Errno) -> OpenOut
  /// READDIR, or READDIRPLUS if `plus`: appends whole records, at most `arguments.byteCount`
  /// bytes, which is also all that `reply` takes.
  func readdir(
    _ node: NodeID, _ arguments: ReadIn, plus: Bool, into reply: inout ReplyBuffer
  ) throws(Errno)
  /// The handle is not used any more.
  func releasedir(_ node: NodeID, _ arguments: ReleaseIn) throws(Errno)
  /// What to bring to the disk.
  func fsyncdir(_ node: NodeID, _ arguments: FsyncIn) throws(Errno) -> DeferredCall

  // MARK: Extended attributes

  /// Sets an attribute; `extendedFlags` are those of `SetxattrIn`.
  func setxattr(
    _ node: NodeID, name: borrowing Name, value: RawSpan, flags: UInt32, extendedFlags: UInt32
  ) throws(Errno)
  /// Appends the value; with `size` 0 a `GetxattrOut` with its length.
  func getxattr(
    _ node: NodeID, name: borrowing Name, size: UInt32, into reply: inout ReplyBuffer
  ) throws(Errno)
  /// Appends the names, each with its NUL; with `size` 0 a `GetxattrOut` with their length.
  func listxattr(_ node: NodeID, size: UInt32, into reply: inout ReplyBuffer) throws(Errno)
  /// Removes an attribute. ENODATA, if there is none.
  func removexattr(_ node: NodeID, name: borrowing Name) throws(Errno)

  // MARK: The whole file system

  /// Brings the whole file system that the node is on to the disk.
  func syncfs(_ node: NodeID) throws(Errno)
}

extension FileSystem {
  /// Everything, unless the file system says otherwise.
  package func serves(_ opcode: Opcode) -> Bool { true }
}

/// Gives each thread its view of one file system.
package protocol FileSystemProvider: AnyObject, Sendable {
  associatedtype View: FileSystem

  /// Makes a view for the calling thread, which must be the only one to use it.
  ///
  /// - Parameter mayWait: Whether nobody waits for the thread. If not, the view throws `mustWait`
  ///   where an operation turns out to be one that may take long.
  /// - Throws: What the host says, if it has no resources left for another thread.
  func makeView(mayWait: Bool) throws(Errno) -> View

  /// Drops what a guest has looked up and opened: the device was reset.
  func endSession()
}
