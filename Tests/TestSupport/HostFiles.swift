internal import CLinux
internal import Glibc
package import Linux

// The host's side of a test: files by path, with the C library, not with the code under test.

/// What `lstat` says of a file, the fields that tests compare.
package struct HostStatus: Equatable, Sendable {
  package var mode: UInt32
  package var uid: UInt32
  package var gid: UInt32
  package var links: UInt64
  package var size: Int64
  package var inode: UInt64
  package var device: UInt64
  package var rdev: UInt64
  package var accessSeconds: Int64
  package var modificationSeconds: Int64
  package var modificationNanoseconds: Int64

  /// `S_IFMT`'s bits of the mode.
  package var type: UInt32 { mode & 0o170000 }
  /// The mode without the type.
  package var permissions: UInt32 { mode & 0o7777 }
}

/// `lstat`; throws what it fails with.
package func hostStatus(_ path: String) throws(Errno) -> HostStatus {
  var status = stat()
  // SAFETY: both arguments live through the call.
  try check(unsafe lstat(path, &status))
  return HostStatus(
    mode: status.st_mode, uid: status.st_uid, gid: status.st_gid,
    links: UInt64(status.st_nlink), size: Int64(status.st_size), inode: UInt64(status.st_ino),
    device: UInt64(status.st_dev), rdev: UInt64(status.st_rdev),
    accessSeconds: Int64(status.st_atim.tv_sec),
    modificationSeconds: Int64(status.st_mtim.tv_sec),
    modificationNanoseconds: Int64(status.st_mtim.tv_nsec))
}

/// Whether `path` names something, a dangling symbolic link too.
package func hostExists(_ path: String) -> Bool {
  (try? hostStatus(path)) != nil
}

/// The contents of a file.
package func hostRead(_ path: String) throws(Errno) -> [UInt8] {
  let file = try openFile(path, O_RDONLY)
  var result: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 65536)
  while true {
    // SAFETY: read writes at most the block's length into it.
    let count = unsafe block.withUnsafeMutableBytes {
      unsafe read(file.borrowed.rawValue, $0.baseAddress, $0.count)
    }
    try check(Int32(clamping: count))
    if count == 0 { return result }
    result.append(contentsOf: block[..<count])
  }
}

/// The contents of a file as text; what is not UTF-8 is replaced.
package func hostReadText(_ path: String) throws(Errno) -> String {
  String(decoding: try hostRead(path), as: UTF8.self)
}

/// Makes or replaces a file.
package func hostWrite(
  _ path: String, _ contents: some Collection<UInt8>, mode: UInt32 = 0o644
) throws(Errno) {
  let file = try openFile(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
  let bytes = Array(contents)
  var offset = 0
  while offset < bytes.count {
    // SAFETY: the slice bounds the call by what is left of the array.
    let count = unsafe bytes.withUnsafeBytes { buffer in
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
      return unsafe write(file.borrowed.rawValue, rest.baseAddress, rest.count)
    }
    try check(Int32(clamping: count))
    offset += count
  }
}

/// Makes or replaces a file with a text.
package func hostWrite(_ path: String, _ text: String, mode: UInt32 = 0o644) throws(Errno) {
  try hostWrite(path, text.utf8, mode: mode)
}

/// `mkdir` and then `chmod`, so that the umask does not count.
package func hostMakeDirectory(_ path: String, mode: UInt32 = 0o755) throws(Errno) {
  try check(unsafe mkdir(path, mode))
  try check(unsafe chmod(path, mode))
}

/// `mkfifo`.
package func hostMakeFIFO(_ path: String) throws(Errno) {
  try check(unsafe mkfifo(path, 0o644))
}

/// `chmod`.
package func hostSetMode(_ path: String, _ mode: UInt32) throws(Errno) {
  try check(unsafe chmod(path, mode))
}

/// `lchown`.
package func hostSetOwner(_ path: String, uid: UInt32, gid: UInt32) throws(Errno) {
  try check(unsafe lchown(path, uid, gid))
}

/// `truncate`.
package func hostTruncate(_ path: String, _ size: Int) throws(Errno) {
  try check(unsafe truncate(path, off_t(size)))
}

/// `link`.
package func hostLink(_ path: String, as newPath: String) throws(Errno) {
  try check(unsafe link(path, newPath))
}

/// `symlink`.
package func hostSymbolicLink(_ path: String, to target: String) throws(Errno) {
  try check(unsafe symlink(target, path))
}

/// `rename`.
package func hostRename(_ path: String, to newPath: String) throws(Errno) {
  try check(unsafe rename(path, newPath))
}

/// `renameat2` with `RENAME_EXCHANGE`.
package func hostExchange(_ path: String, _ other: String) throws(Errno) {
  try check(unsafe renameat2(AT_FDCWD, path, AT_FDCWD, other, 2))
}

/// `remove`: a file or an empty directory.
package func hostRemove(_ path: String) throws(Errno) {
  try check(unsafe remove(path))
}

/// `readlink`.
package func readSymbolicLink(_ path: String) -> String? {
  var buffer = [UInt8](repeating: 0, count: 4096)
  // SAFETY: readlink writes at most the buffer's length.
  let count = unsafe buffer.withUnsafeMutableBytes { bytes in
    let characters = unsafe bytes.assumingMemoryBound(to: CChar.self)
    guard let start = characters.baseAddress else { return -1 }
    return unsafe readlink(path, start, characters.count)
  }
  return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
}

/// The names in a directory, sorted, without "." and "..".
package func hostNames(_ path: String) throws(Errno) -> [String] {
  guard let stream = unsafe opendir(path) else { throw Errno(rawValue: errno) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  // SAFETY: the entry lives until the next readdir; its name is terminated and copied.
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// `getxattr` without following a link; nothing if the file has no such attribute.
package func hostExtendedAttribute(_ path: String, _ name: String) -> [UInt8]? {
  var buffer = [UInt8](repeating: 0, count: 65536)
  // SAFETY: lgetxattr writes at most the buffer's length.
  let count = unsafe buffer.withUnsafeMutableBytes {
    unsafe lgetxattr(path, name, $0.baseAddress, $0.count)
  }
  return count < 0 ? nil : Array(buffer[..<count])
}

/// Throws the error number of the call just made if it returned -1.
func check(_ result: Int32) throws(Errno) {
  guard result >= 0 else { throw Errno(rawValue: errno) }
}

private func openFile(
  _ path: String, _ flags: Int32, _ mode: UInt32 = 0
) throws(Errno) -> OwnedDescriptor {
  // SAFETY: the path is terminated and lives through the call.
  let number = unsafe open(path, flags | O_CLOEXEC, mode)
  try check(number)
  return OwnedDescriptor(taking: number)
}
