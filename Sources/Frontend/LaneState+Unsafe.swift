/// What changes with every request.
struct LaneState {
  var unique: UInt64
  var nextAvailable: UInt16 = 0
  var lastUsed: UInt16 = 0
  var lastPublished: UInt16 = 0
  var outstandingCount = 0
  var requestCount = 0
  var kickCount = 0
  var callCount = 0
  var waitCount: UInt32 = 0
}

/// A descriptor of the ring's table, the head of one chain after another.
struct LaneSlot {
  var isOutstanding = false
  /// The request that the descriptor refers to; -1 for none.
  var installed = -1
  var unique: UInt64 = 0
}

/// A request as it lies in the guest's memory.
// SAFETY: the pointers are followed by the lane only, which checks offsets.
@unsafe
struct PreparedRequest {
  var body: UnsafeMutableRawPointer
  var bodyByteCount: Int
  var reply: UnsafeMutableRawPointer?
  var replyByteCount = 0
  var data: UnsafeMutableRawPointer?
  var dataByteCount = 0
  /// How much the device may write in all.
  var roomByteCount = 0
  var isExact = true
  /// The ring's descriptor for it.
  var table = RingDescriptor(address: 0, byteCount: 0)

  init(body: UnsafeMutableRawPointer, bodyByteCount: Int) {
    // SAFETY: the pointers are followed by the lane only, which checks offsets.
    unsafe self.body = body
    unsafe self.bodyByteCount = bodyByteCount
  }
}
