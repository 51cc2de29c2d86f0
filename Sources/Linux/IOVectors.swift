internal import CLinux

/// A list of memory ranges for scattered I/O: an array of `struct iovec` at a fixed address.
///
/// The kernel reads the array while a call is in flight, so it lives as long as its slot does and
/// only moves when it grows, which no call in flight may see.
@safe
package struct IOVectors: ~Copyable {
  private var storage: UnsafeMutablePointer<iovec>
  private var capacity: Int
  /// Entries before `start` have been consumed by `drop`.
  private var start = 0
  private var end = 0
  /// The sum of the ranges' lengths.
  package private(set) var byteCount = 0

  /// The most entries that a list keeps between two requests.
  private static let keptCapacity = 512

  /// An empty list with room for so many ranges, at least one, before it grows.
  package init(capacity: Int = 16) {
    self.capacity = max(1, capacity)
    // SAFETY: freed in deinit, or in `grow` after the copy.
    unsafe storage = .allocate(capacity: self.capacity)
  }

  deinit {
    // SAFETY: iovec is trivial; this is the only owner.
    unsafe storage.deallocate()
  }

  /// How many ranges there are.
  package var count: Int { end - start }

  /// Forgets all ranges, and memory beyond what an ordinary request needs.
  @inline(__always)
  package mutating func removeAll() {
    start = 0
    end = 0
    byteCount = 0
    if capacity > Self.keptCapacity { shrink() }
  }

  private mutating func shrink() {
    // SAFETY: nothing is in the list, so nothing refers to the old array.
    unsafe storage.deallocate()
    capacity = 16
    unsafe storage = .allocate(capacity: capacity)
  }

  /// Adds the `byteCount` bytes at `base`, which must stay mapped while the list is in use.
  @inline(__always)
  package mutating func append(_ base: UnsafeMutableRawPointer, byteCount: Int) {
    if end == capacity { grow() }
    // SAFETY: end < capacity after `grow`.
    unsafe storage[end] = iovec(iov_base: base, iov_len: byteCount)
    end += 1
    self.byteCount += byteCount
  }

  /// The range at `index`, which is less than `count`.
  @inline(__always)
  borrowing func range(at index: Int) -> UnsafeMutableRawBufferPointer {
    precondition(index < count, "a range that is not there")
    // SAFETY: start + index < end.
    let vector = unsafe storage[start + index]
    return unsafe UnsafeMutableRawBufferPointer(start: vector.iov_base, count: vector.iov_len)
  }

  private mutating func grow() {
    let larger = capacity * 2
    // SAFETY: the first `end` entries are initialised; the old array has no user (see above).
    let moved: UnsafeMutablePointer<iovec> = .allocate(capacity: larger)
    unsafe moved.update(from: storage, count: end)
    unsafe storage.deallocate()
    unsafe storage = moved
    capacity = larger
  }

  /// Takes `count` bytes away from the front.
  @inline(__always)
  package mutating func drop(_ count: Int) {
    precondition(count <= byteCount, "dropping more than there is")
    guard count < byteCount else {
      start = end
      byteCount = 0
      return
    }
    dropSome(count)
  }

  @inline(never)
  private mutating func dropSome(_ count: Int) {
    var rest = count
    byteCount -= count
    while rest > 0 {
      // SAFETY: rest > 0 means that bytes are left, so start < end.
      let length = unsafe storage[start].iov_len
      if length <= rest {
        rest -= length
        start += 1
      } else {
        // SAFETY: as above; rest < length keeps the range inside the old one.
        unsafe storage[start].iov_base += rest
        unsafe storage[start].iov_len = length - rest
        rest = 0
      }
    }
  }

  /// Keeps only the first `count` bytes.
  @inline(__always)
  package mutating func truncate(_ count: Int) {
    guard count < byteCount else { return }
    keep(count)
  }

  @inline(never)
  private mutating func keep(_ count: Int) {
    var rest = count
    var index = start
    while rest > 0 {
      // SAFETY: count < byteCount, so the walk ends before `end`.
      let length = unsafe storage[index].iov_len
      if length > rest { unsafe storage[index].iov_len = rest }
      rest -= min(length, rest)
      index += 1
    }
    end = index
    byteCount = count
  }

  /// Moves the first `count` bytes, or all if there are fewer, to the end of `other`.
  @inline(__always)
  package mutating func moveFirst(_ count: Int, to other: inout IOVectors) {
    // SAFETY: it goes from one list to the other.
    guard let base = unsafe takeFirst(ofByteCount: count) else {
      return movePieces(count, to: &other)
    }
    unsafe other.append(base, byteCount: count)
  }

  /// Takes the first range away if it is just so long, as what guests send mostly is: there is one
  /// of its own for the header, and one for the arguments.
  @inline(__always)
  private mutating func takeFirst(ofByteCount count: Int) -> UnsafeMutableRawPointer? {
    guard byteCount > 0 else { return nil }
    // SAFETY: there are bytes, so start < end.
    let first = unsafe storage[start]
    guard unsafe count == first.iov_len, let base = unsafe first.iov_base else { return nil }
    start += 1
    byteCount -= count
    return unsafe base
  }

  @inline(never)
  private mutating func movePieces(_ count: Int, to other: inout IOVectors) {
    var rest = min(count, byteCount)
    while rest > 0 {
      // SAFETY: rest > 0 means that bytes are left, so start < end.
      let length = unsafe min(storage[start].iov_len, rest)
      if let base = unsafe storage[start].iov_base {
        unsafe other.append(base, byteCount: length)
      }
      drop(length)
      rest -= length
    }
  }

  /// Copies the first bytes out, each read once, and leaves the list as it is.
  ///
  /// - Returns: How many bytes there were, at most `count`.
  @discardableResult
  package borrowing func copyOut(to target: UnsafeMutableRawPointer, count: Int) -> Int {
    var done = 0
    var index = start
    while done < count, index < end {
      // SAFETY: index < end; the range is mapped (see `append`), and `part` stays inside both.
      let part = min(unsafe storage[index].iov_len, count - done)
      if let base = unsafe storage[index].iov_base {
        unsafe SharedMemory.copyOnce(from: base, to: target + done, byteCount: part)
      }
      done += part
      index += 1
    }
    return done
  }

  /// Copies the first bytes out, each read once, and takes them away.
  ///
  /// - Precondition: There are as many.
  @inline(__always)
  package mutating func takeOut(to target: UnsafeMutableRawPointer, count: Int) {
    precondition(count <= byteCount, "taking more than there is")
    guard let base = unsafe takeFirst(ofByteCount: count) else {
      return unsafe takeOutPieces(to: target, count: count)
    }
    // SAFETY: ranges are mapped (see `append`).
    unsafe SharedMemory.copyOnce(from: base, to: target, byteCount: count)
  }

  @inline(never)
  private mutating func takeOutPieces(to target: UnsafeMutableRawPointer, count: Int) {
    // SAFETY: as `copyOut`.
    unsafe copyOut(to: target, count: count)
    drop(count)
  }

  /// Copies `bytes` in, from the list's first byte on.
  ///
  /// - Precondition: There is room for all of them.
  @inline(__always)
  package borrowing func copyIn(_ bytes: RawSpan) {
    precondition(bytes.byteCount <= byteCount, "copying more than there is room for")
    // SAFETY: the precondition bounds the walk; ranges are mapped (see `append`).
    unsafe bytes.withUnsafeBytes { source in
      guard var from = source.baseAddress else { return }
      var rest = source.count
      var index = start
      while rest > 0 {
        let part = unsafe min(storage[index].iov_len, rest)
        // SAFETY: `part` bytes are left in both.
        unsafe swift_copy(storage[index].iov_base, from, part)
        unsafe from += part
        rest -= part
        index += 1
      }
    }
  }

  /// `UIO_MAXIOV`: the most ranges that one call takes.
  private static let mostPerCall = 1024

  /// Calls `body` with the array and its length, cut to what one system call takes.
  @inline(__always)
  borrowing func withVectors<R>(_ body: (UnsafeMutablePointer<iovec>, UInt32) -> R) -> R {
    // SAFETY: start + count <= end <= capacity.
    unsafe body(storage + start, UInt32(min(count, Self.mostPerCall)))
  }
}

extension Descriptor {
  /// preadv2(2): reads at `offset` into `vectors`.
  ///
  /// - Returns: How many bytes; 0 at the end of the file.
  package func read(
    into vectors: borrowing IOVectors, at offset: UInt64, flags: Int32 = 0
  ) throws(Errno) -> Int {
    try attempt {
      // SAFETY: the ranges are mapped while the request lives; the kernel bounds itself to them.
      unsafe vectors.withVectors { list, count in
        unsafe swift_preadv2(
          rawValue, list, Int(count), Int64(truncatingIfNeeded: offset), flags)
      }
    }
  }

  /// pwritev2(2): writes `vectors` at `offset`, with `RWF_*` flags.
  package func write(
    _ vectors: borrowing IOVectors, at offset: UInt64, flags: Int32 = 0
  ) throws(Errno) -> Int {
    try attempt {
      // SAFETY: as in `read`.
      unsafe vectors.withVectors { list, count in
        unsafe swift_pwritev2(
          rawValue, list, Int(count), Int64(truncatingIfNeeded: offset), flags)
      }
    }
  }
}

/// Flags of `preadv2` and `pwritev2`.
package enum ReadWriteFlags {
  /// `RWF_NOWAIT`: EAGAIN rather than wait for the disk.
  package static let noWait: Int32 = 0x8
  /// `RWF_APPEND`: at the end of the file.
  package static let append: Int32 = 0x10
  /// `RWF_SYNC` and `RWF_DSYNC`.
  package static let sync: Int32 = 0x4
  package static let dataSync: Int32 = 0x2
}
