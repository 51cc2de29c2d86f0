internal import CLinux
internal import Glibc
package import Linux

/// A directory of its own for one test, removed with everything in it when this object goes.
///
/// It lies under `TMPDIR`, or `/tmp`. Its files are the host's side of a test: made and looked at
/// by path, without the code under test.
package final class TemporaryDirectory: Sendable {
  /// The absolute path, with every symbolic link resolved, without a slash at the end.
  package let path: String

  /// Makes the directory, with mode 0755 so that other users may enter it.
  package init(_ label: String = "test", in parent: String? = nil) throws(Errno) {
    let base = parent ?? environmentVariable("TMPDIR") ?? "/tmp"
    let name = try HostPaths.makeTemporaryDirectory("\(base)/svfsd-\(label)-")
    path = name
    _ = unsafe chmod(name, 0o755)
  }

  deinit {
    removeTree(path)
  }

  /// The path of something in the directory.
  package func path(_ name: String) -> String {
    "\(path)/\(name)"
  }
}

/// Removes `path` and everything under it, never following a link; what cannot be removed stays.
///
/// Names are taken as bytes: a guest may make some that are no text.
package func removeTree(_ path: String) {
  removeTree(Array(path.utf8CString))
}

/// `path` ends with a NUL.
private func removeTree(_ path: [CChar]) {
  for name in entryNames(path) {
    removeTree(path.dropLast() + [CChar(UInt8(ascii: "/"))] + name)
  }
  // SAFETY: the path is terminated.
  _ = unsafe remove(path)
}

/// The names in a directory with their NULs; none if it is no directory, or a link to one.
private func entryNames(_ path: [CChar]) -> [[CChar]] {
  var status = stat()
  // SAFETY: the path is terminated, and both arguments live through the calls.
  guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
    let stream = unsafe opendir(path)
  else { return [] }
  defer { unsafe closedir(stream) }
  var names: [[CChar]] = []
  // SAFETY: the entry lives until the next readdir; its name is terminated and copied.
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      unsafe bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
    }
    let dot = CChar(UInt8(ascii: "."))
    if name != [dot], name != [dot, dot] { names.append(name + [0]) }
  }
  return names
}
