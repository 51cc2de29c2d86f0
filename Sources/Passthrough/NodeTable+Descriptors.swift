package import FuseProtocol
package import Linux
internal import Synchronization

extension NodeTable {
  /// Calls `body` with a descriptor of the node's file, good for what `O_PATH` is good for.
  ///
  /// It is the node's pin, or the file opened by handle, which may become the pin.
  ///
  /// - Throws: `ESTALE` if the guest does not know the node or its file is gone, and what `body`
  ///   throws.
  package func withDescriptor<R: ~Copyable>(
    of node: NodeID, _ body: (Descriptor) throws(Errno) -> R
  ) throws(Errno) -> R {
    let index = try place(of: node)
    if let pin = pin(at: index) { return try body(pin) }
    var file: OwnedDescriptor? = try openByHandle(at: index, .path)
    guard let descriptor = file?.borrowed else { throw .stale }
    // Ours or the node's, it stays open until this thread has put everything down.
    if wantsPin(index) { promote(node, at: index, &file) }
    return try body(descriptor)
  }

  /// The status of the node's file, fresh from the host.
  ///
  /// - Throws: As `withDescriptor`.
  package func status(of node: NodeID) throws(Errno) -> FileStatus {
    try withDescriptor(of: node) { (file) throws(Errno) in try file.status() }
  }

  /// The status of the node's file as far as attributes go, fresh from the host.
  ///
  /// Which mount the file is on, and whether it is one's root, is told of other mounts than the
  /// share's own only: on that one, nothing but its root is a root.
  ///
  /// - Throws: As `withDescriptor`.
  @inline(__always)
  package func attributes(of node: NodeID) throws(Errno) -> FileStatus {
    let index = try place(of: node)
    // What is asked most needs nothing but the pin.
    guard let pin = pin(at: index), store.mount(at: index) == Mounts.root else {
      return try status(of: node)
    }
    return try pin.basicStatus()
  }

  /// Opens the node's file for I/O.
  ///
  /// Regular files and directories only: opening a device or a FIFO of the host has effects, and
  /// the guest opens its own.
  ///
  /// - Parameter flags: Those that make or look up a name are left out.
  /// - Throws: `EBADF` for other kinds of file, `ESTALE` as `withDescriptor`.
  package func openFile(_ node: NodeID, flags: OpenFlags) throws(Errno) -> OwnedDescriptor {
    let index = try place(of: node)
    let flags = flags.intersection(.allowedForNodes).union(.noControllingTerminal)
    switch store.slots[index].fileType {
    case FileStatus.regularType:
      guard let pin = pin(at: index) else { return try openByHandle(at: index, flags) }
      // Half as dear as through procfs. What it fails with may be about the handle, as of a file
      // without a name, so it is the other way's error that counts.
      if store.slots[index].isOpenedByHandle, let file = try? openByHandle(at: index, flags) {
        return file
      }
      return try links.reopen(pin, flags)
    case FileStatus.directoryType:
      guard let pin = pin(at: index) else { return try openByHandle(at: index, flags) }
      // Half as dear as through procfs, but it needs the permission to search.
      if let file = try? pin.open(PathName("."), flags) { return file }
      return try links.reopen(pin, flags)
    default:
      throw .badDescriptor
    }
  }

  /// Whether closing an open file of the node does nothing that could fail.
  package func closesInSilence(_ node: NodeID) -> Bool {
    guard let index = store.place(of: node) else { return false }
    return mounts.numbers(store.mount(at: index)) == .native
  }

  /// The descriptor that holds the node's file; good until the thread's next quiescent point.
  @inline(__always)
  func pin(at index: UInt32) -> Descriptor? {
    let number = store.slots[index].pin.load(ordering: .acquiring)
    return number >= 0 ? Descriptor(rawValue: number) : nil
  }

  /// Opens the file of a node that has no pin.
  func openByHandle(at index: UInt32, _ flags: OpenFlags) throws(Errno) -> OwnedDescriptor {
    let mount = store.mount(at: index)
    guard let handle = store.handle(at: index),
      let anchor = try mounts.anchor(of: mount, links: links)
    else { throw .stale }
    return try anchor.open(handle, flags)
  }
}

extension OpenFlags {
  /// What a guest may ask for when it opens a node.
  fileprivate static let allowedForNodes: OpenFlags = [
    .readOnly, .writeOnly, .readWrite, .append, .direct, .directory, .dataSync, .sync,
    .noAccessTime, .nonBlocking, .truncate,
  ]
}
