internal import CLinux

/// Files of this host by their paths, for the tools: paths are the operator's, links are followed
/// except where something is removed.
package enum HostPaths {
  /// Makes a directory of mode 0700 whose name begins with `prefix`, and says how it is called.
  package static func makeTemporaryDirectory(_ prefix: String) throws(Errno) -> String {
    var template = Array("\(prefix)XXXXXX".utf8CString)
    // SAFETY: the array is terminated, and mkdtemp writes within it.
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return false }
      return unsafe mkdtemp(start) != nil
    }
    guard isMade else { throw Errno(rawValue: swift_errno()) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Makes a directory of mode 0755, whatever the process's mask.
  package static func makeDirectory(_ path: String) throws(Errno) {
    // SAFETY: the strings are terminated copies, used only during the calls.
    _ = try attempt { unsafe mkdir(path, 0o755) }
    _ = try attempt { unsafe chmod(path, 0o755) }
  }

  /// Makes a new file of mode 0644, open for reading and writing.
  ///
  /// - Throws: `EEXIST` if there is something.
  package static func makeFile(_ path: String) throws(Errno) -> OwnedDescriptor {
    try Descriptor.currentDirectory.open(
      path: path, flags: O_RDWR | O_CREAT | O_EXCL, permissions: 0o644)
  }

  /// Opens a file for reading.
  package static func open(_ path: String) throws(Errno) -> OwnedDescriptor {
    try Descriptor.currentDirectory.open(path: path, flags: O_RDONLY)
  }

  /// Whether `path` is a program that may be run.
  package static func isProgram(_ path: String) -> Bool {
    // SAFETY: the string is a terminated copy, used only during the call.
    unsafe access(path, X_OK) == 0
  }

  /// The whole of a small file, such as those of procfs, as text.
  package static func text(_ path: String) throws(Errno) -> String {
    let file = try open(path)
    var result: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = try attempt {
        // SAFETY: the buffer's own count bounds what is stored.
        unsafe part.withUnsafeMutableBytes { buffer in
          unsafe read(file.borrowed.rawValue, buffer.baseAddress, buffer.count)
        }
      }
      guard count > 0 else { return String(decoding: result, as: UTF8.self) }
      result += part[..<count]
    }
  }

  /// Replaces the contents of a file, which is made if there is none.
  package static func write(_ text: String, to path: String) throws(Errno) {
    let file = try Descriptor.currentDirectory.open(
      path: path, flags: O_WRONLY | O_CREAT | O_TRUNC, permissions: 0o644)
    try file.borrowed.writeWhole(text)
  }

  /// The names in a directory without `.` and `..`, none if it cannot be read; a name that is not
  /// UTF-8 is left out.
  package static func names(in path: String) -> [String] {
    guard
      let directory = try? Descriptor.currentDirectory.open(
        path: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    else { return [] }
    var buffer = DirectoryBuffer(byteCount: 65536)
    var names: [String] = []
    while (try? buffer.fill(from: directory.borrowed)) == true {
      var entries = buffer.entries
      while let entry = entries.next() {
        // SAFETY: the buffer is read while the closure runs.
        let bytes = unsafe entry.name.withUnsafeBytes { unsafe Array($0) }
        guard !entry.isSelf, !entry.isParent, let name = String(validating: bytes, as: UTF8.self)
        else { continue }
        names.append(name)
      }
    }
    return names
  }

  /// Removes `path` and all below it, links themselves; what cannot be removed stays.
  package static func removeTree(_ path: String) {
    // SAFETY: the string is a terminated copy, used only during the calls.
    guard unsafe unlink(path) != 0 else { return }
    for name in names(in: path) { removeTree("\(path)/\(name)") }
    // SAFETY: as above.
    _ = unsafe rmdir(path)
  }
}

extension Descriptor {
  /// Writes all of `bytes` at `offset`.
  package func writeWhole(_ bytes: RawSpan, at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(droppingFirst: done)
      // SAFETY: the buffer's own count bounds what is read.
      done += try unsafe rest.withUnsafeBytes { (buffer) throws(Errno) in
        try attempt {
          unsafe pwrite(rawValue, buffer.baseAddress, buffer.count, offset + done)
        }
      }
    }
  }

  /// Fills `bytes` from `offset` on; fewer than asked for at the end of the file.
  package func readWhole(into bytes: inout MutableRawSpan, at offset: Int) throws(Errno) -> Int {
    let number = rawValue
    // SAFETY: the buffer's own count bounds what is stored.
    return try unsafe bytes.withUnsafeMutableBytes { (buffer) throws(Errno) in
      guard let start = buffer.baseAddress else { return 0 }
      var done = 0
      while done < buffer.count {
        let count = try attempt {
          unsafe pread(number, start + done, buffer.count - done, offset + done)
        }
        if count == 0 { break }
        done += count
      }
      return done
    }
  }

  /// Asks the kernel to forget the file's cached pages, those that are not dirty.
  package func dropCachedPages() {
    // Advice: what the kernel does not take costs time only.
    _ = posix_fadvise(rawValue, 0, 0, POSIX_FADV_DONTNEED)
  }
}

extension HostPaths {
  /// What a symbolic link says, at most 4095 bytes of it.
  package static func target(ofLink path: String) throws(Errno) -> String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = try attempt {
      // SAFETY: the string is a terminated copy, and the buffer's own count bounds what is stored.
      unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return -1 }
        return unsafe readlink(path, start, buffer.count - 1)
      }
    }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
