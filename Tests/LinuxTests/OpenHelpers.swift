import Linux

/// Opens a directory of the host by path.
func openHostDirectory(_ path: String) throws(Errno) -> OwnedDescriptor {
  try openHost(path, [.readOnly, .directory])
}

/// Opens a file of the host by path, to read.
func openHostFile(_ path: String) throws(Errno) -> OwnedDescriptor {
  try openHost(path, .readOnly)
}

/// Opens anything of the host by path, not following a link at its end.
func openHostPath(_ path: String) throws(Errno) -> OwnedDescriptor {
  try openHost(path, [.path, .noFollow])
}

private func openHost(_ path: String, _ flags: OpenFlags) throws(Errno) -> OwnedDescriptor {
  try withPathName(path) { (path) throws(Errno) in
    try Descriptor.currentDirectory.open(path, flags)
  }
}

/// Calls `body` with `text` as a path name.
func withPathName<R: ~Copyable>(
  _ text: String, _ body: (borrowing PathName) throws(Errno) -> R
) throws(Errno) -> R {
  let bytes = Array(text.utf8) + [0]
  // SAFETY: bytes have no padding.
  let name = try unsafe PathName(bytes.span.bytes)
  return try body(name)
}
