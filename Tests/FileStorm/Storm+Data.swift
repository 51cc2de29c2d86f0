import Glibc

extension Storm {
  /// A range that is often small, often at the edges of pages, and sometimes past the end.
  func range(in file: ModelFile, direct: Bool) -> (offset: Int, count: Int) {
    let reach = max(file.count + file.count / 4, 1)
    var offset = below(min(reach, greatestSize))
    if below(3) == 0 { offset = offset / Number.page * Number.page }
    if below(8) == 0 { offset = min(file.count, greatestSize) }
    let limits = [64, 5000, 70_000, greatestSize / 2]
    var count = 1 + below(limits[below(limits.count)])
    if direct {
      offset = offset / Number.page * Number.page
      count = (count + Number.page - 1) / Number.page * Number.page
    }
    return (offset, count)
  }

  func read(_ handle: Handle) throws(Finding) {
    let (offset, count) = range(in: handle.file, direct: handle.isDirect)
    guard handle.canRead else { return }
    note("read", handle.file, "\(handle.label) \(offset)+\(count)")
    let given = try check(
      unsafe pread(handle.descriptor, buffer.bytes.baseAddress, count, offset), "read")
    try expect(given, max(0, min(count, handle.file.count - offset)), "read")
    try compare(handle.file, offset, given, "read")
  }

  func write(_ handle: Handle) throws(Finding) {
    var (offset, count) = range(in: handle.file, direct: handle.isDirect)
    let source = below(greatestSize / Number.page) * Number.page + (handle.isDirect ? 0 : below(8))
    guard handle.canWrite else { return }
    if handle.appends {
      offset = handle.file.count
      guard offset < 2 * greatestSize else { return }
    }
    note("write", handle.file, "\(handle.label) \(offset)+\(count)")
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: pool.bytes[source..<source + count])
    let given = try check(
      unsafe pwrite(handle.descriptor, bytes.baseAddress, count, offset), "write")
    try expect(given, count, "write")
    unsafe handle.file.write(bytes, at: offset)
  }

  /// A mapping of what there is around a range; an old one of the file is used at times.
  private func mapping(
    _ handle: Handle, writable: Bool
  ) throws(Finding) -> (SharedMapping, offset: Int, count: Int)? {
    let (place, length) = range(in: handle.file, direct: false)
    let (usesOld, keeps) = (below(3) == 0, below(3) == 0)
    let file = handle.file
    let fits = writable ? handle.flags & O_ACCMODE == O_RDWR : handle.canRead
    guard hasMappings, fits, file.count > 0, !handle.appends || !writable else { return nil }
    let offset = place % file.count
    let count = min(length, file.count - offset)
    if usesOld, writable,
      let old = mappings.first(where: {
        unsafe $0.file === file && $0.mapping.offset <= offset
          && offset + count <= $0.mapping.offset + $0.mapping.bytes.count
      })
    {
      return (old.mapping, offset, count)
    }
    let start = offset / Number.page * Number.page
    guard
      let made = try SharedMapping(
        handle.descriptor, offset: start, byteCount: offset + count - start, writable: writable)
    else {
      hasMappings = false
      return nil
    }
    if keeps, writable {
      mappings.append((made, file))
      if mappings.count > 4 { mappings.removeFirst() }
    }
    return (made, offset, count)
  }

  func readMapping(_ handle: Handle) throws(Finding) {
    guard let (mapping, offset, count) = try mapping(handle, writable: false) else { return }
    note("mapread", handle.file, "\(handle.label) \(offset)+\(count)")
    let start = offset - mapping.offset
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: mapping.bytes[start..<start + count])
    try unsafe handle.file.compare(bytes, at: offset, "mapping")
  }

  func writeMapping(_ handle: Handle) throws(Finding) {
    let synchronizes = below(3) == 0
    let source = below(greatestSize)
    guard let (mapping, offset, count) = try mapping(handle, writable: true) else { return }
    note("mapwrite", handle.file, "\(handle.label) \(offset)+\(count)")
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: pool.bytes[source..<source + count])
    let start = offset - mapping.offset
    let place = unsafe UnsafeMutableRawBufferPointer(rebasing: mapping.bytes[start...])
    unsafe place.copyMemory(from: bytes)
    unsafe handle.file.write(bytes, at: offset)
    if synchronizes { try mapping.synchronize() }
  }

  func copyRange(_ handle: Handle) throws(Finding) {
    let target = handles[below(handles.count)]
    let (from, count) = range(in: handle.file, direct: false)
    let (to, _) = range(in: target.file, direct: false)
    // Some file systems refuse an unaligned copy of a file that is open with O_DIRECT.
    guard handle.canRead, target.canWrite, !target.appends, !handle.isDirect, !target.isDirect
    else { return }
    guard handle.file !== target.file || abs(from - to) >= count else { return }
    note("copyfrom", handle.file, "\(handle.label) \(from)+\(count)")
    note("copyto", target.file, "\(target.label) \(to)+\(count), from \(handle.file.label)")
    var (offsetIn, offsetOut) = (from, to)
    let given = try check(
      unsafe copy_file_range(
        handle.descriptor, &offsetIn, target.descriptor, &offsetOut, count, 0), "copy_file_range")
    let most = max(0, min(count, handle.file.count - from))
    guard given <= most, given > 0 || most == 0 else {
      throw Finding(text: "copy_file_range: copied \(given), there are \(most)")
    }
    let bytes = given > 0 ? handle.file.slice(from, given) : []
    unsafe bytes.withUnsafeBytes { unsafe target.file.write($0, at: to) }
  }

  /// Reads the whole file by a new descriptor, or an old one if it has no name any more.
  func verify(_ file: ModelFile) throws(Finding) {
    guard let path = file.path else { return }
    note("verify", file, "")
    let descriptor = try check(unsafe Glibc.open(path, O_RDONLY), "open of \(file.label)")
    defer { close(descriptor) }
    var offset = 0
    while true {
      let given = try check(
        unsafe pread(descriptor, buffer.bytes.baseAddress, 1 << 18, offset), "read")
      if given == 0 { break }
      try compare(file, offset, given, "verify")
      offset += given
    }
    try expect(offset, file.count, "the length of \(file.label)")
  }

  private func compare(
    _ file: ModelFile, _ offset: Int, _ count: Int, _ call: String
  ) throws(Finding) {
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
    try unsafe file.compare(bytes, at: offset, call)
  }

  func expect(_ given: Int, _ expected: Int, _ call: String) throws(Finding) {
    guard given == expected else {
      throw Finding(text: "\(call): gave \(given), must be \(expected)")
    }
  }
}
