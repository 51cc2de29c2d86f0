internal import CLinux

/// One record of a directory, borrowed from the buffer that it was read into.
///
/// The C type is `struct linux_dirent64`.
package struct DirectoryEntry: ~Escapable {
  /// The inode number (`d_ino`) as the parent directory has it: for a mount point that of the
  /// directory underneath.
  package let inode: UInt64
  /// The position after this entry (`d_off`): opaque, and of any value but 0.
  package let nextOffset: UInt64
  /// The type, one of `DT_*`; 0 where the file system does not say.
  package let type: UInt8
  private let bytes: RawSpan

  /// The name without its NUL: not empty, without a slash, any bytes else.
  package var name: RawSpan {
    @_lifetime(copy self)
    get { bytes.extracting(droppingLast: 1) }
  }

  /// The name with its NUL.
  package var terminatedName: RawSpan {
    @_lifetime(copy self)
    get { bytes }
  }

  /// Whether this is the directory itself (".").
  package var isSelf: Bool {
    bytes.byteCount == 2 && byte(0) == dot
  }

  /// Whether this is the parent directory ("..").
  package var isParent: Bool {
    bytes.byteCount == 3 && byte(0) == dot && byte(1) == dot
  }

  /// Decodes the record at the front of `record`; `nil` if that does not hold a whole one.
  @_lifetime(copy record)
  fileprivate init?(_ record: RawSpan) {
    let nameOffset = DirectoryRecord.nameOffset
    guard record.byteCount > nameOffset + 1 else { return nil }
    let name = record.extracting(droppingFirst: nameOffset)
    // SAFETY: the guard leaves `nameOffset` bytes, and integers may have any bit pattern.
    inode = unsafe record.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
    nextOffset = unsafe record.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)
    type = unsafe record.unsafeLoadUnaligned(fromByteOffset: 18, as: UInt8.self)
    // SAFETY: memchr is bounded by the buffer, and only the difference of pointers leaves.
    let length = unsafe name.withUnsafeBytes { buffer -> Int in
      guard let start = buffer.baseAddress, let end = unsafe memchr(start, 0, buffer.count) else {
        return 0
      }
      return unsafe end - UnsafeMutableRawPointer(mutating: start)
    }
    guard length > 0 else { return nil }
    bytes = name.extracting(first: length + 1)
  }

  private func byte(_ index: Int) -> UInt8 {
    // SAFETY: both callers compare the count first.
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self)
  }
}

private let dot = UInt8(ascii: ".")

/// The places of fields in `struct linux_dirent64`.
private enum DirectoryRecord {
  /// `d_reclen`, a `UInt16`.
  static let lengthOffset = 16
  /// `d_name`, terminated, then padding to the record's length.
  static let nameOffset = 19
  /// A name of 255 bytes and its NUL, up to a multiple of 8.
  static let greatestByteCount = 280
}

/// A cursor over the records that one `getdents64` returned.
package struct DirectoryEntries: ~Escapable {
  private var bytes: RawSpan
  /// Where the next record begins.
  package private(set) var place: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at place: Int = 0) {
    self.bytes = bytes
    self.place = place
  }

  /// The next record, or `nil` after the last.
  ///
  /// The kernel wrote the records; one that is not whole nevertheless ends the walk rather than
  /// being read past.
  @_lifetime(copy self)
  package mutating func next() -> DirectoryEntry? {
    let lengthOffset = DirectoryRecord.lengthOffset
    guard bytes.byteCount >= lengthOffset + 2 else { return nil }
    // SAFETY: the guard bounds the load.
    let length = unsafe Int(
      bytes.unsafeLoadUnaligned(fromByteOffset: lengthOffset, as: UInt16.self))
    guard length > 0, length <= bytes.byteCount else { return nil }
    let record = bytes.extracting(first: length)
    bytes = bytes.extracting(droppingFirst: length)
    place += length
    return DirectoryEntry(record)
  }
}

/// Memory that directories are read into, again and again.
///
/// It belongs to one thread and is allocated once.
package struct DirectoryBuffer: ~Copyable {
  private var memory: ScratchMemory

  /// Room for `byteCount` bytes of records, at least for the longest record (280).
  package init(byteCount: Int) {
    memory = ScratchMemory(capacity: max(byteCount, DirectoryRecord.greatestByteCount))
  }

  /// Reads the records from the position of `directory` on.
  ///
  /// - Parameters:
  ///   - directory: Must be open for reading.
  ///   - limit: The most bytes to read; less than the longest record counts as that.
  /// - Returns: Whether there were any: false at the end of the directory.
  package mutating func fill(
    from directory: Descriptor, limit: Int = .max
  ) throws(Errno) -> Bool {
    let limit = max(limit, DirectoryRecord.greatestByteCount)
    try memory.fill(limit: limit) { (output) throws(Errno) in
      try directory.readDirectory(into: &output)
    }
    return !memory.bytes.isEmpty
  }

  /// The bytes of the records of the last `fill`.
  var bytes: RawSpan {
    @_lifetime(borrow self)
    get { memory.bytes }
  }

  /// The records of the last `fill`.
  package var entries: DirectoryEntries {
    @_lifetime(borrow self)
    get { DirectoryEntries(memory.bytes) }
  }
}

extension Descriptor {
  /// Sets the position of a directory: 0 for the start, or a `nextOffset` that it gave.
  ///
  /// - Throws: `EINVAL` for an offset that no directory can have, or that the file system refuses.
  package func seekDirectory(to offset: UInt64) throws(Errno) {
    guard let position = off_t(exactly: offset) else { throw .invalidArgument }
    _ = try attempt { lseek(rawValue, position, SEEK_SET) }
  }

  /// Appends the records from the position on, as many as there is room for.
  fileprivate func readDirectory(into output: inout OutputRawSpan) throws(Errno) {
    // SAFETY: the kernel writes no more than the free capacity, at its start.
    try unsafe output.withUnsafeMutableBytes { (buffer, initializedCount) throws(Errno) in
      guard let start = buffer.baseAddress else { throw .invalidArgument }
      let (number, used) = (rawValue, initializedCount)
      initializedCount += try attempt {
        unsafe getdents64(number, start + used, buffer.count - used)
      }
    }
  }
}
