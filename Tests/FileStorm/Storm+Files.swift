import Glibc

extension Storm {
  func truncate(_ handle: Handle) throws(Finding) {
    let (byName, larger) = (below(3) == 0, below(3) == 0)
    let count = larger ? below(greatestSize) : below(handle.file.count + 1)
    let file = handle.file
    if byName, let path = file.path {
      note("truncate", file, "by name to \(count)")
      try check(unsafe Glibc.truncate(path, count), "truncate")
    } else {
      guard handle.canWrite else { return }
      note("truncate", file, "\(handle.label) to \(count)")
      try check(ftruncate(handle.descriptor, count), "ftruncate")
    }
    file.resize(to: count)
    // A mapping of what was cut off is nothing to write to.
    mappings.removeAll {
      unsafe $0.file === file && $0.mapping.offset + $0.mapping.bytes.count > count
    }
  }

  func allocate(_ handle: Handle) throws(Finding) {
    let (offset, count) = range(in: handle.file, direct: false)
    let modes: [Int32] = [
      0, Number.keepSize, Number.punchHole | Number.keepSize, Number.zeroRange,
      Number.zeroRange | Number.keepSize,
    ]
    let mode = modes[below(modes.count)]
    guard handle.canWrite else { return }
    note("fallocate", handle.file, "\(handle.label) mode \(mode) \(offset)+\(count)")
    if fallocate(handle.descriptor, mode, offset, count) != 0 {
      guard errno == EOPNOTSUPP else {
        throw Finding(text: "fallocate: \(errorText(errno))")
      }
      return
    }
    if mode & Number.keepSize == 0, handle.file.count < offset + count {
      handle.file.resize(to: offset + count)
    }
    if mode & (Number.punchHole | Number.zeroRange) != 0 { handle.file.zero(offset, count) }
  }

  func synchronize(_ handle: Handle) throws(Finding) {
    let dataOnly = below(2) == 0
    note(dataOnly ? "fdatasync" : "fsync", handle.file, handle.label)
    try check(dataOnly ? fdatasync(handle.descriptor) : fsync(handle.descriptor), "fsync")
  }

  func reopen(_ handle: Handle) throws(Finding) {
    let file = files[below(files.count)]
    note("close", handle.file, handle.label)
    handles.removeAll { $0 === handle }
    try open(file)
  }

  func status(_ handle: Handle) throws(Finding) {
    let byName = below(2) == 0
    note("stat", handle.file, handle.label)
    var status = stat()
    if byName, let path = handle.file.path {
      try check(unsafe stat(path, &status), "stat")
    } else {
      try check(unsafe fstat(handle.descriptor, &status), "fstat")
    }
    try expect(Int(status.st_size), handle.file.count, "st_size")
    try expect(Int(status.st_nlink), handle.file.path == nil ? 0 : 1, "st_nlink")
  }

  /// Has the kernel forget what it can of the file's pages, so that it asks again.
  func dropCache(_ handle: Handle) throws(Finding) {
    note("dontneed", handle.file, handle.label)
    try check(fsync(handle.descriptor), "fsync")
    let code = posix_fadvise(handle.descriptor, 0, 0, POSIX_FADV_DONTNEED)
    guard code == 0 else { throw Finding(text: "posix_fadvise: \(errorText(code))") }
  }

  func rename(_ handle: Handle) throws(Finding) {
    let mark = below(1000)
    guard let path = handle.file.path else { return }
    let name = "\(directory)/\(handle.file.label).\(mark)"
    guard name != path else { return }
    note("rename", handle.file, "to \(name)")
    try check(unsafe Glibc.rename(path, name), "rename")
    handle.file.path = name
  }

  /// Unlinks the file and makes another: whoever has the old one open keeps it.
  func replace(_ handle: Handle) throws(Finding) {
    guard let path = handle.file.path else { return }
    note("unlink", handle.file, "")
    try check(unsafe unlink(path), "unlink")
    handle.file.path = nil
    files.removeAll { $0 === handle.file }
    try makeFile()
  }

  /// Whatever the file system calls a hole must be zero, from the beginning to the end.
  func lookForHoles(_ handle: Handle) throws(Finding) {
    guard handle.canWrite else { return }
    note("holes", handle.file, handle.label)
    try check(fsync(handle.descriptor), "fsync")
    var offset = 0
    while offset < handle.file.count {
      let data = lseek(handle.descriptor, offset, Number.seekData)
      if data < 0 {
        guard errno == ENXIO else { throw Finding(text: "SEEK_DATA: \(errorText(errno))") }
        return try handle.file.expectHole(offset, handle.file.count)
      }
      try handle.file.expectHole(offset, data)
      offset = try check(lseek(handle.descriptor, data, Number.seekHole), "SEEK_HOLE")
      guard offset > data else { throw Finding(text: "SEEK_HOLE: \(offset) is not after \(data)") }
    }
  }
}
