internal import Frontend
internal import FuseProtocol

/// The place of one request and its reply in the guest's memory, and what is known of them.
struct BridgeSlot {
  /// Where the message's first 80 bytes go: behind it lies what follows them.
  let head: GuestBuffer
  /// What follows: the data of a WRITE, page by page; of other requests the rest, and after that
  /// the reply's body.
  let data: GuestBuffer
  /// The reply's header, and a short body after it.
  let reply: GuestBuffer
  /// The request that is in flight; nil if none is.
  var request: Request?

  /// A request that the back-end has.
  struct Request {
    var unique: UInt64
    var opcode: UInt32
    /// Where the reply's body is to be.
    var body: GuestBuffer
    /// When it was passed on.
    var time: Duration
  }

  /// The longest data of a READ or WRITE.
  static let mostDataByteCount = 1 << 20
  /// Room beside it, for the names and values of requests whose replies are long, too.
  private static let spareByteCount = 128 << 10
  private static let pageByteCount = 4096
  /// How far into the slot's first page replies begin.
  private static let replyOffset = 1024
  /// How much guest memory a slot takes.
  static let byteCount = pageByteCount + mostDataByteCount + spareByteCount

  /// A slot out of memory that nobody has taken.
  init(in region: MemoryRegion) throws(FrontEndError) {
    let whole = try region.reserve(byteCount: Self.byteCount, alignment: Self.pageByteCount)
    head = whole.part(
      from: Self.pageByteCount - MessageHead.byteCount, byteCount: MessageHead.byteCount)
    reply = whole.part(from: Self.replyOffset, byteCount: 2048)
    data = whole.part(from: Self.pageByteCount)
  }

  /// Where a reply's body of that length can be beside a request of that length; nil if nowhere.
  ///
  /// Data begins at a page, because whoever reads with O_DIRECT needs that.
  func body(ofByteCount count: Int, besideRequest requestByteCount: Int) -> GuestBuffer? {
    let headerByteCount = MemoryLayout<OutHeader>.size
    if count <= reply.byteCount - headerByteCount {
      return reply.part(from: headerByteCount, byteCount: count)
    }
    let rest = max(0, requestByteCount - MessageHead.byteCount)
    let start = (rest + Self.pageByteCount - 1) & ~(Self.pageByteCount - 1)
    guard count <= data.byteCount - start else { return nil }
    return data.part(from: start, byteCount: count)
  }
}
