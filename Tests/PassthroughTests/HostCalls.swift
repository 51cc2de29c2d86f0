import FuseProtocol
import FuseServer
import Linux

/// Calls `body` with `text` as a name out of a request.
func withName<R: ~Copyable>(
  _ text: String, _ body: (borrowing Name) throws(Errno) -> R
) throws(Errno) -> R {
  let bytes = Array(text.utf8) + [0]
  // SAFETY: bytes have no padding.
  let span = unsafe bytes.span.bytes
  guard let name = try? Name(bytesWithTerminator: span) else { throw .protocolError }
  return try body(name)
}

/// The bytes of a reply, its header included.
func bytes(of reply: borrowing ReplyBuffer) -> [UInt8] {
  let bytes = reply.bytes
  // SAFETY: the array copies what the span has.
  return unsafe bytes.withUnsafeBytes { unsafe Array($0) }
}

/// Opens a directory of the host by path.
func openHostDirectory(_ path: String) throws(Errno) -> OwnedDescriptor {
  try withName(path) { (path) throws(Errno) in
    try Descriptor.currentDirectory.open(
      PathName(path.bytesWithTerminator), [.readOnly, .directory])
  }
}

/// Up to `byteCount` bytes of an open file, as text.
func hostRead(
  _ file: Descriptor, at offset: UInt64, _ byteCount: Int
) throws(Errno) -> String {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + 1, alignment: 1)
  defer { unsafe memory.deallocate() }
  var vectors = IOVectors()
  // SAFETY: the memory lives until the function returns, which is after the call.
  if let base = memory.baseAddress { unsafe vectors.append(base, byteCount: byteCount) }
  let count = try file.read(into: vectors, at: offset)
  return unsafe String(decoding: memory[..<count], as: UTF8.self)
}

/// Writes `text` to an open file, with `RWF_*` flags.
func hostWrite(
  _ text: String, to file: Descriptor, at offset: UInt64, flags: Int32 = 0
) throws(Errno) {
  let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: text.utf8.count + 1, alignment: 1)
  defer { unsafe memory.deallocate() }
  unsafe memory.copyBytes(from: text.utf8)
  var vectors = IOVectors()
  // SAFETY: the memory lives until the function returns, which is after the call.
  if let base = memory.baseAddress {
    unsafe vectors.append(base, byteCount: text.utf8.count)
  }
  guard try file.write(vectors, at: offset, flags: flags) == text.utf8.count else {
    throw .noSpace
  }
}

/// Gives a directory of the host a default access control list with these permissions.
func hostSetDefaultACL(
  _ path: String, owner: UInt8, group: UInt8, others: UInt8
) throws(Errno) {
  // `struct posix_acl_xattr_header` of version 2, and an entry for each: tag, permissions, no id.
  var list: [UInt8] = [2, 0, 0, 0]
  for (tag, permissions) in [(0x01, owner), (0x04, group), (0x20, others)] {
    list += [UInt8(tag), 0, permissions, 0, 255, 255, 255, 255]
  }
  let directory = try openHostDirectory(path)
  // SAFETY: bytes have no padding.
  let value = unsafe list.span.bytes
  try DescriptorLinks().setAttribute(
    PathName("system.posix_acl_default"), of: directory.borrowed, to: value, flags: 0)
}
