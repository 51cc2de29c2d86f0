internal import FuseProtocol
internal import FuseServer
internal import Linux
internal import Virtqueue

/// Why a chain holds no request.
enum Unreadable: Error {
  /// There is not even a header, so nobody to answer.
  case header
  /// The lengths do not fit together: what the sender gets.
  case request(Errno)
}

/// Everything that belongs to one request while it is in flight.
///
/// A slot is at any time in the hands of one: the free list, the queue's thread, the kernel's
/// ring, or a worker.
@safe
struct RequestSlot: ~Copyable {
  var isBusy = false
  /// The request's buffers; for a deferred call what is left of its data.
  var chain = Chain()
  /// The room for the reply's header, once a deferred call has taken the rest for its data.
  var replyHeader = IOVectors(capacity: 2)
  private(set) var header = InHeader(
    byteCount: 0, opcode: 0, unique: 0, node: .root, uid: 0, gid: 0, pid: 0)
  /// How long a WRITE's data is.
  private(set) var dataByteCount = 0
  /// What remains to be done, and how far it is: that means something only with a call.
  var call: DeferredCall?
  var transferred = 0
  /// How many segments the chain had, for the queue's bound.
  var segmentCount = 0
  /// What is to be written into the used element, once a worker is done.
  var written: UInt32 = 0
  /// What the chain was when it was taken, if requests are recorded: serving consumes it.
  var recordedWritable = IOVectors(capacity: 1)
  var recordedReadableByteCount = 0
  /// What the request's record and its reply's have in common.
  var serial: UInt64 = 0

  /// The header and the arguments.
  private let small: UnsafeMutableRawBufferPointer
  /// The same, if it is more than `small` holds; only while the request lasts.
  private var large: UnsafeMutableRawBufferPointer?
  /// How much of the header and the arguments has been copied; what follows them is not.
  private var messageByteCount = 0

  /// How many bytes of its own a slot needs: enough for every request with two names.
  static let privateByteCount = 592
  /// What they are aligned to.
  static let alignment = 16
  /// The longest arguments: a SETXATTR of 64 KiB, a BATCH_FORGET of 8,000 nodes.
  private static let mostBodyBytes = 128 << 10 + 4096
  private static let headerByteCount = MemoryLayout<InHeader>.size

  /// A slot with `bytes` for its own use, `privateByteCount` of them.
  init(bytes: UnsafeMutableRawBufferPointer) {
    // SAFETY: the arena gives them to this slot alone, and keeps them longer than it.
    unsafe small = bytes
  }

  deinit {
    // SAFETY: the slot is the only one who knows it.
    unsafe large?.deallocate()
  }

  /// Copies the header and the arguments out of the chain, each byte once; a WRITE's data stays.
  ///
  /// - Throws: What is wrong with the request, if it is not one.
  mutating func load() throws(Unreadable) {
    let available = chain.readable.byteCount
    messageByteCount = 0
    dataByteCount = 0
    guard available >= Self.headerByteCount else { throw .header }
    // SAFETY: `small` is longer than the header, of which any bytes are a value.
    unsafe chain.readable.takeOut(to: small.start, count: Self.headerByteCount)
    header = unsafe small.load(as: InHeader.self)
    messageByteCount = Self.headerByteCount
    let stated = Int(header.byteCount)
    guard stated >= Self.headerByteCount, stated <= available else { throw .request(.inputOutput) }
    let rest = stated - Self.headerByteCount
    let isWrite = header.opcode == Opcode.write.rawValue
    let bodyByteCount = isWrite ? min(rest, MemoryLayout<WriteIn>.size) : rest
    guard bodyByteCount <= Self.mostBodyBytes else { throw .request(.tooBig) }
    dataByteCount = rest - bodyByteCount
    takeBody(bodyByteCount)
    if isWrite { chain.readable.truncate(dataByteCount) }
  }

  /// Copies the arguments behind the header.
  @inline(__always)
  private mutating func takeBody(_ byteCount: Int) {
    let needed = Self.headerByteCount + byteCount
    if needed > Self.privateByteCount { enlarge(to: needed) }
    // SAFETY: the buffer chosen is at least `needed` long.
    unsafe chain.readable.takeOut(
      to: messageBuffer.start + Self.headerByteCount, count: byteCount)
    messageByteCount = needed
  }

  /// Goes on in memory for so many bytes, of which the header, already copied, is a part.
  @inline(never)
  private mutating func enlarge(to byteCount: Int) {
    unsafe large = .allocate(byteCount: byteCount, alignment: 16)
    // SAFETY: both are longer than the header, which `load` has copied.
    unsafe large?.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: small[..<Self.headerByteCount]))
  }

  private var messageBuffer: UnsafeMutableRawBufferPointer {
    // SAFETY: both live as long as the slot, `large` until it is cleared.
    unsafe large ?? small
  }

  /// The private copy of the header and the arguments; empty if there is no header.
  var message: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: `load` filled so many bytes of the buffer, which lives as long as the slot.
      let bytes = unsafe RawSpan(_unsafeBytes: messageBuffer[..<messageByteCount])
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }

  /// The private copy of the arguments.
  var body: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      message.extracting(droppingFirst: min(Self.headerByteCount, messageByteCount))
    }
  }

  /// Makes the slot ready for the next request.
  @inline(__always)
  mutating func clear() {
    chain.removeAll()
    if call != nil {
      replyHeader.removeAll()
      call = nil
    }
    if recordedWritable.count > 0 { recordedWritable.removeAll() }
    isBusy = false
    // SAFETY: no access, only whether it is there.
    if unsafe large != nil { shrink() }
  }

  @inline(never)
  private mutating func shrink() {
    // SAFETY: nothing refers to the request's arguments any more.
    unsafe large?.deallocate()
    unsafe large = nil
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The first byte of a buffer that is known not to be empty.
  fileprivate var start: UnsafeMutableRawPointer {
    guard let start = baseAddress else { preconditionFailure("an empty buffer") }
    // SAFETY: a pointer is passed on; who uses it answers for the bounds.
    return unsafe start
  }
}
