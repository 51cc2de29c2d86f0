/// Memory that the kernel fills again and again: allocated once, for one thread.
@safe
struct ScratchMemory: ~Copyable {
  private let start: UnsafeMutableRawPointer
  /// How many bytes there are.
  let capacity: Int
  private var filledByteCount = 0

  /// Allocates `capacity` bytes, the first at a multiple of 8.
  init(capacity: Int) {
    self.capacity = capacity
    // SAFETY: freed in `deinit` only.
    unsafe start = .allocate(byteCount: capacity, alignment: 8)
  }

  deinit {
    // SAFETY: allocated by the initialiser, and no span of it outlives this value.
    unsafe start.deallocate()
  }

  /// Replaces the contents with what `body` writes: at most `limit` bytes, and no more than fit.
  ///
  /// - Throws: What `body` throws; the memory is empty then.
  mutating func fill(
    limit: Int = .max, _ body: (inout OutputRawSpan) throws(Errno) -> Void
  ) throws(Errno) {
    filledByteCount = 0
    // SAFETY: the count is at most the capacity, and nothing else refers to the memory.
    let buffer = unsafe UnsafeMutableRawBufferPointer(
      start: start, count: max(0, min(limit, capacity)))
    var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
    try body(&output)
    // SAFETY: finalised for the buffer that the span was made of.
    filledByteCount = unsafe output.finalize(for: buffer)
  }

  /// What the last `fill` wrote.
  var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // SAFETY: that many bytes are initialised, and the span cannot outlive the borrow.
      let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: filledByteCount)
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}
