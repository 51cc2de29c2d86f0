package import FuseProtocol
package import Linux

/// Where a reply is put together: an `OutHeader` and what follows it, in private memory.
///
/// Allocated once a thread, used for one request after another: `begin`, appends, then `finish` or
/// `fail`. An append that does not fit changes nothing.
@safe
package struct ReplyBuffer: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer
  private var unique: UInt64 = 0
  /// How many bytes the client has room for after the header; negative if not even for the header.
  package private(set) var room = 0
  /// How many bytes follow the header so far.
  package private(set) var byteCount = 0

  private static let headerByteCount = MemoryLayout<OutHeader>.size

  /// Memory for replies of at most `capacity` bytes after the header.
  package init(capacity: Int) {
    precondition(capacity >= 0, "a negative capacity")
    // SAFETY: owned by this value alone and freed in `deinit`; every access below is in its bounds.
    unsafe memory = .allocate(byteCount: Self.headerByteCount + capacity, alignment: 16)
    // SAFETY: what nobody has written yet must not be what the process left there.
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    // SAFETY: allocated in `init`, and nothing borrowed from this value outlives it.
    unsafe memory.deallocate()
  }

  /// How many bytes may follow the header at most, whatever the client's room.
  package var capacity: Int {
    // SAFETY: the count of a buffer is no access.
    unsafe memory.count - Self.headerByteCount
  }

  /// How many more bytes can be appended.
  package var remaining: Int {
    max(0, min(room, capacity) - byteCount)
  }

  /// Starts the reply to the request `unique`, of at most `limit` bytes after the header.
  ///
  /// - Parameter limit: The client's room less the header's 16 bytes; a negative one says that
  ///   there can be no reply at all.
  package mutating func begin(unique: UInt64, limit: Int) {
    self.unique = unique
    room = limit
    byteCount = 0
  }

  /// Takes back all that was appended.
  package mutating func removeAll() {
    byteCount = 0
  }

  /// Lets at most `limit` more bytes be appended to this reply.
  mutating func restrict(to limit: Int) {
    room = min(room, byteCount + max(0, limit))
  }

  /// Appends a structure.
  ///
  /// - Throws: `ERANGE` if it does not fit.
  @inline(__always)
  package mutating func append<T: WireValue>(_ value: T) throws(Errno) {
    guard MemoryLayout<T>.size <= remaining else { throw .outOfRange }
    store(value)
  }

  /// Appends bytes as they are.
  ///
  /// - Throws: `ERANGE` if they do not fit.
  package mutating func append(_ bytes: RawSpan) throws(Errno) {
    guard bytes.byteCount <= remaining else { throw .outOfRange }
    store(bytes)
  }

  /// Appends what `fill` writes: at most `limit` bytes, or what remains if that is less.
  ///
  /// - Throws: What `fill` throws; nothing is appended then.
  package mutating func append(
    upTo limit: Int, _ fill: (inout OutputRawSpan) throws(Errno) -> Void
  ) throws(Errno) {
    let start = Self.headerByteCount + byteCount
    let end = start + min(max(0, limit), remaining)
    // SAFETY: `remaining` keeps the range inside the memory, and nothing else is writing there.
    let free = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<end])
    var output = unsafe OutputRawSpan(buffer: free, initializedCount: 0)
    try fill(&output)
    // SAFETY: finalised for the buffer that the span was made of.
    byteCount += unsafe output.finalize(for: free)
  }

  /// Ends the reply: success.
  ///
  /// - Parameter dataByteCount: How many bytes the transport puts after those appended here.
  package mutating func finish(dataByteCount: Int = 0) {
    storeHeader(error: 0, byteCount: Self.headerByteCount + byteCount + dataByteCount)
  }

  /// Ends the reply with `errno` and nothing else, as the client may see it.
  package mutating func fail(_ errno: Errno) {
    end(withError: errno.visibleToClient)
  }

  /// Ends the reply with `ENOSYS`: the operation is not served, and need not be tried again.
  package mutating func failAsUnserved() {
    end(withError: .notImplemented)
  }

  /// The reply: the header and all that was appended.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let end = Self.headerByteCount + byteCount
      // SAFETY: initialised in `init`; the span borrows this value, which owns the memory.
      return unsafe _overrideLifetime(
        RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory)).extracting(first: end),
        borrowing: self)
    }
  }

  private mutating func end(withError errno: Errno) {
    byteCount = 0
    storeHeader(error: -errno.rawValue, byteCount: Self.headerByteCount)
  }

  private mutating func storeHeader(error: Int32, byteCount: Int) {
    let header = OutHeader(
      byteCount: UInt32(clamping: byteCount), error: error, unique: unique)
    // SAFETY: `init` made room for the header.
    unsafe memory.storeBytes(of: header, as: OutHeader.self)
  }

  /// Stores a structure after the others; the caller has checked that it fits.
  @inline(__always)
  mutating func store<T: WireValue>(_ value: T) {
    assert(MemoryLayout<T>.size <= remaining)
    // SAFETY: the caller's check against `remaining` bounds the store.
    unsafe memory.storeBytes(
      of: value, toByteOffset: Self.headerByteCount + byteCount, as: T.self)
    byteCount += MemoryLayout<T>.size
  }

  /// Stores bytes after the others; the caller has checked that they fit.
  mutating func store(_ bytes: RawSpan) {
    let start = Self.headerByteCount + byteCount
    precondition(bytes.byteCount <= remaining)
    // SAFETY: the precondition bounds the copy; the source is a span, so it cannot be this memory.
    unsafe bytes.withUnsafeBytes { source in
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start...]).copyMemory(from: source)
    }
    byteCount += bytes.byteCount
  }
}

// SAFETY: the memory has one owner, this value, which cannot be copied.
extension ReplyBuffer: @unchecked Sendable {}
