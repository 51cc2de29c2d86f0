internal import Linux

/// Writes blocks, little-endian, from one place in memory onwards.
///
/// Whoever makes one has found the room for all that is put: `RecordLayout` says how much a record
/// takes.
@safe
struct BlockEncoder {
  // SAFETY, for all below: `init` got `capacity` bytes at `start`, which `put` does not exceed.
  private let start: UnsafeMutableRawPointer
  private let capacity: Int
  /// How much has been written.
  private(set) var byteCount = 0

  init(_ start: UnsafeMutableRawPointer, capacity: Int) {
    unsafe self.start = start
    self.capacity = capacity
  }

  // MARK: Parts

  @inline(__always)
  mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    precondition(MemoryLayout<T>.size <= capacity - byteCount)
    unsafe start.storeBytes(of: value.littleEndian, toByteOffset: byteCount, as: T.self)
    byteCount += MemoryLayout<T>.size
  }

  @inline(__always)
  mutating func put(_ bytes: RawSpan) {
    precondition(bytes.byteCount <= capacity - byteCount)
    unsafe bytes.withUnsafeBytes { source in
      guard let from = source.baseAddress else { return }
      unsafe (start + byteCount).copyMemory(from: from, byteCount: source.count)
    }
    byteCount += bytes.byteCount
  }

  /// Puts `count` bytes that `fill` writes at the place it is given.
  @inline(__always)
  mutating func put(_ count: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
    precondition(count <= capacity - byteCount)
    unsafe fill(start + byteCount)
    byteCount += count
  }

  /// Zeros up to a multiple of four; every block begins at one.
  @inline(__always)
  mutating func pad() {
    while byteCount & 3 != 0 { put(UInt8(0)) }
  }

  private mutating func put(option code: UInt16, _ value: RawSpan) {
    put(code)
    put(UInt16(truncatingIfNeeded: value.byteCount))
    put(value)
    pad()
  }

  private mutating func put(option code: UInt16, _ number: UInt64) {
    put(code)
    put(UInt16(8))
    put(number)
  }

  // MARK: Records

  /// What stands in the block of a record before the message.
  @inline(__always)
  mutating func putPrefix(of packet: PacketNumbers, _ layout: RecordLayout) {
    let length = Pcapng.packetPrefixByteCount + PacketHeader.byteCount
    precondition(length <= capacity - byteCount)
    let place = unsafe start + byteCount
    byteCount += length
    unsafe place.set(BlockType.packet, at: 0)
    unsafe place.set(UInt32(truncatingIfNeeded: layout.blockByteCount), at: 4)
    unsafe place.set(UInt32(packet.vring), at: 8)
    unsafe place.set(UInt32(truncatingIfNeeded: packet.time >> 32), at: 12)
    unsafe place.set(UInt32(truncatingIfNeeded: packet.time), at: 16)
    unsafe place.set(UInt32(truncatingIfNeeded: layout.packetByteCount), at: 20)
    unsafe place.set(layout.originalByteCount, at: 24)
    unsafe place.set(PacketHeader.version, at: 28)
    unsafe place.set(packet.kind.rawValue, at: 29)
    unsafe place.set(packet.vring, at: 30)
    unsafe place.set(packet.head, at: 32)
    unsafe place.set(UInt16(0), at: 34)
    unsafe place.set(packet.serial, at: 36)
    unsafe place.set(packet.readableByteCount, at: 44)
    unsafe place.set(packet.writableByteCount, at: 48)
    unsafe place.set(UInt32(truncatingIfNeeded: layout.messageByteCount), at: 52)
    unsafe place.set(UInt32(clamping: layout.dataByteCount), at: 56)
    unsafe place.set(packet.digest, at: 60)
  }

  /// What stands in the block of `record` after the data.
  @inline(__always)
  mutating func putSuffix(
    of kind: TraceRecord.Kind, _ layout: RecordLayout, droppedCount: UInt64
  ) {
    pad()
    put(OptionCode.flags)
    put(UInt16(4))
    put(kind.directionFlags)
    if layout.tellsDrops { put(option: OptionCode.dropCount, droppedCount) }
    put(UInt32(OptionCode.end))
    put(UInt32(layout.blockByteCount))
  }

  // MARK: The other blocks

  /// A Section Header Block of unknown length.
  mutating func putSection(operatingSystem: String, application: String) {
    frame(BlockType.section) { encoder in
      encoder.put(Pcapng.byteOrderMagic)
      encoder.put(UInt16(1))
      encoder.put(UInt16(0))
      encoder.put(Int64(-1))
      encoder.put(option: OptionCode.operatingSystem, Array(operatingSystem.utf8).rawBytes)
      encoder.put(option: OptionCode.application, Array(application.utf8).rawBytes)
    }
  }

  /// An Interface Description Block for times in nanoseconds.
  mutating func putInterface(name: String, snapLength: UInt32) {
    frame(BlockType.interface) { encoder in
      encoder.put(Pcapng.linkType)
      encoder.put(UInt16(0))
      encoder.put(snapLength)
      encoder.put(option: OptionCode.name, Array(name.utf8).rawBytes)
      encoder.put(option: OptionCode.resolution, [9].rawBytes)
    }
  }

  /// An Interface Statistics Block.
  mutating func putStatistics(
    interface: UInt32, time: UInt64, receivedCount: UInt64, droppedCount: UInt64
  ) {
    frame(BlockType.statistics) { encoder in
      encoder.put(interface)
      encoder.put(UInt32(truncatingIfNeeded: time >> 32))
      encoder.put(UInt32(truncatingIfNeeded: time))
      encoder.put(option: OptionCode.received, receivedCount)
      encoder.put(option: OptionCode.dropped, droppedCount)
    }
  }

  /// A block around what `body` puts, with options at its end.
  private mutating func frame(_ type: UInt32, _ body: (inout BlockEncoder) -> Void) {
    let beginning = byteCount
    put(type)
    put(UInt32(0))
    body(&self)
    put(UInt32(OptionCode.end))
    let length = UInt32(byteCount - beginning + 4)
    put(length)
    unsafe start.storeBytes(
      of: length.littleEndian, toByteOffset: beginning + 4, as: UInt32.self)
  }
}

extension UnsafeMutableRawPointer {
  /// Stores `value`, little-endian; there must be room for it at `offset`.
  @inline(__always)
  fileprivate func set<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    // SAFETY: the caller's condition; stores need no alignment.
    unsafe storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }
}

/// The numbers of a record, without its message and data.
struct PacketNumbers {
  var time: UInt64
  var kind: TraceRecord.Kind
  var vring: UInt16
  var head: UInt16
  var serial: UInt64
  var readableByteCount: UInt32
  var writableByteCount: UInt32
  var digest: UInt64
}

extension TraceRecord.Kind {
  /// `epb_flags`: inbound, outbound, or neither.
  fileprivate var directionFlags: UInt32 {
    switch self {
    case .request: 1
    case .reply: 2
    case .event: 0
    }
  }
}

extension BlockEncoder {
  /// The bytes of what `body` puts, at most `capacity`.
  static func bytes(capacity: Int, _ body: (inout BlockEncoder) -> Void) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      // SAFETY: the buffer has the capacity, and every byte that is counted has been put.
      var encoder = unsafe BlockEncoder(UnsafeMutableRawPointer(start), capacity: capacity)
      body(&encoder)
      count = encoder.byteCount
    }
  }
}
