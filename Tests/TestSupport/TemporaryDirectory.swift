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
    var template = Array("\(base)/svfsd-\(label)-XXXXXX".utf8CString)
    // SAFETY: the array is terminated and mkdtemp writes within it.
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return false }
      return unsafe mkdtemp(start) != nil
    }
    guard isMade else { throw Errno(rawValue: errno) }
    let name = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
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
package func removeTree(_ path: String) {
  if (try? hostStatus(path))?.type == 0o040000, let names = try? hostNames(path) {
    for name in names { removeTree("\(path)/\(name)") }
  }
  try? hostRemove(path)
}
