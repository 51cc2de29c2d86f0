extension TraceRecord {
  /// Reads the body of an Enhanced Packet Block.
  init(
    _ body: RawSpan, interfaces: [TraceInterface], isBigEndian: Bool
  ) throws(BlockFault) {
    guard body.byteCount >= 20 else { throw BlockFault("a packet's block is too short") }
    let interface: UInt32 = body.number(at: 0, isBigEndian: isBigEndian)
    guard interface < interfaces.count else {
      throw BlockFault("a packet of interface \(interface), which is not described before it")
    }
    let high: UInt32 = body.number(at: 4, isBigEndian: isBigEndian)
    let low: UInt32 = body.number(at: 8, isBigEndian: isBigEndian)
    let kept: UInt32 = body.number(at: 12, isBigEndian: isBigEndian)
    let original: UInt32 = body.number(at: 16, isBigEndian: isBigEndian)
    guard kept <= body.byteCount - 20 else {
      throw BlockFault("a packet of \(kept) bytes runs past the end of its block")
    }
    let time = interfaces[Int(interface)].nanoseconds(UInt64(high) << 32 | UInt64(low))
    let packet = body.extracting(20..<20 + Int(kept))
    try self.init(packet: packet, time: time, isSliced: kept < original)
  }

  /// Reads a packet of ours: the header, the message, the beginning of the data.
  private init(packet: RawSpan, time: UInt64, isSliced: Bool) throws(BlockFault) {
    guard packet.byteCount >= PacketHeader.byteCount else {
      throw BlockFault(
        "a packet of \(packet.byteCount) bytes, less than the header of a record"
          + (isSliced ? ": it has been cut; use editcap -s 40 or more" : ""))
    }
    let version: UInt8 = packet.number(at: 0)
    guard version == PacketHeader.version else {
      throw BlockFault("a record of version \(version); this program knows version 1")
    }
    let number: UInt8 = packet.number(at: 1)
    guard let kind = Kind(rawValue: number) else {
      throw BlockFault("a record of the unknown kind \(number)")
    }
    self.init(
      time: time, kind: kind, vring: packet.number(at: 2), head: packet.number(at: 4),
      serial: packet.number(at: 8), readableByteCount: packet.number(at: 16),
      writableByteCount: packet.number(at: 20))
    let messageByteCount: UInt32 = packet.number(at: 24)
    dataByteCount = packet.number(at: 28)
    digest = packet.number(at: 32)
    let rest = packet.extracting(droppingFirst: PacketHeader.byteCount)
    guard isSliced || messageByteCount <= rest.byteCount else {
      throw BlockFault("a message of \(messageByteCount) bytes runs past the end of its packet")
    }
    let present = min(Int(messageByteCount), rest.byteCount)
    message = rest.copy(0..<present)
    missingMessageByteCount = messageByteCount - UInt32(present)
    let kept = rest.byteCount - present
    guard kept <= dataByteCount else {
      throw BlockFault("\(kept) bytes of file data where there were \(dataByteCount)")
    }
    data = rest.copy(present..<rest.byteCount)
  }
}
