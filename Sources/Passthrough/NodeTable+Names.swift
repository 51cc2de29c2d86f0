internal import Linux

// Files that are known by their name, because the inode number is not their own and no watch can be
// had (`WatchedFiles`).
//
// On overlayfs without `index=on` the names of one file in a lower layer are separate files. They
// report the lower file's number and each other's link count; what is written to one is not seen
// through the other, and gives the first a number of its own. What such a file has for itself is
// its place in the tree of names, as long as it is held open: the kernel has one entry for it.

extension NodeTable {
  /// An identity made of the path that `file` has now.
  func nameIdentity(of file: Descriptor, _ mount: UInt32) throws(Errno) -> Identity {
    let hash = try links.withPath(of: file) { hasher.hash($0) }
    return Identity(inode: hash, device: Identity.nameDevice, mount: mount)
  }
}
