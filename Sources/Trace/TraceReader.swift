internal import Linux

/// Reads a capture record by record; memory stays bounded however long the file is.
///
/// Everything in the file is checked: it may be cut, damaged, foreign or made to do harm.
package struct TraceReader: ~Copyable {
  /// The file, as the user named it.
  package let name: String
  /// The interfaces of the section that is being read, as far as they have been described.
  package private(set) var interfaces: [TraceInterface] = []
  /// `shb_userappl` of the section that is being read; empty if there is none.
  package private(set) var application = ""
  /// Where the last whole block ends, in bytes, if the file ends in the middle of the next one.
  ///
  /// Known once `next` has returned nil.
  package private(set) var cutOffset: UInt64?
  /// How long the file is; 0 for a pipe.
  package let byteCount: UInt64

  private var source: BlockSource
  private var isBigEndian = false
  private var isInSection = false
  private var isFinished = false

  /// Opens the capture at `path`.
  package init(path: String) throws(TraceError) {
    do throws(Errno) {
      let file = try Descriptor.openForReading(path: path)
      byteCount = try file.borrowed.fileByteCount()
      source = BlockSource(file)
      name = path
    } catch {
      throw TraceError(file: path, offset: nil, reason: "cannot open it: \(error)")
    }
  }

  /// Reads a capture that lies in memory.
  package init(bytes: [UInt8], name: String = "memory") {
    byteCount = UInt64(bytes.count)
    source = BlockSource(bytes)
    self.name = name
  }

  /// How many bytes of the file have been read.
  package var offset: UInt64 { source.offset }

  /// Whether the file ends in the middle of a block; known once `next` has returned nil.
  package var isCut: Bool { cutOffset != nil }

  /// The next record.
  ///
  /// - Returns: Nil at the end of the file, or where it is cut (`cutOffset`).
  /// - Throws: What is wrong and where; after that there are no more records.
  package mutating func next() throws(TraceError) -> TraceRecord? {
    guard !isFinished else { return nil }
    let start = source.offset
    do throws(BlockFault) {
      return try nextRecord()
    } catch {
      isFinished = true
      throw TraceError(
        file: name, offset: max(start, source.offset), reason: error.reason)
    }
  }

  private mutating func nextRecord() throws(BlockFault) -> TraceRecord? {
    while let header = try nextHeader() {
      let length = header.byteCount
      guard header.isKnown else {
        guard try reading({ (source) throws(Errno) in try source.skip(UInt64(length)) }) else {
          return cut(at: header.offset)
        }
        continue
      }
      guard length <= Pcapng.mostBlockBytes else {
        throw BlockFault("a block of \(length) bytes, longer than any record")
      }
      guard try fill(Int(length)) else { return cut(at: header.offset) }
      let record = try take(header)
      source.drop(Int(length))
      if let record { return record }
    }
    return nil
  }

  /// Ends the reading.
  private mutating func cut(at offset: UInt64) -> TraceRecord? {
    isFinished = true
    cutOffset = offset
    return nil
  }

  // MARK: Blocks

  /// Looks at the beginning of the next block.
  ///
  /// - Returns: Nil at the end of the file or where it is cut.
  private mutating func nextHeader() throws(BlockFault) -> BlockHeader? {
    let isWhole = try fill(Pcapng.frameByteCount)
    if !isInSection { try checkBeginning() }
    guard isWhole else {
      isFinished = true
      if source.count > 0 { cutOffset = source.offset }
      return nil
    }
    let header = try BlockHeader(source.bytes, at: source.offset, isBigEndian: isBigEndian)
    // A host that crashed may leave zeros where the file had been extended and not been written.
    if header.isZero {
      _ = cut(at: source.offset)
      return nil
    }
    guard header.byteCount >= Pcapng.frameByteCount, header.byteCount % 4 == 0 else {
      throw BlockFault("a block of \(header.byteCount) bytes, which cannot be: the file is damaged")
    }
    isBigEndian = header.isBigEndian
    return header
  }

  /// Tells a file that is no capture from one that is cut before its first block ends.
  private func checkBeginning() throws(BlockFault) {
    let bytes = source.bytes
    guard bytes.byteCount > 0 else { throw BlockFault("the file is empty") }
    let known: [UInt8] = [0x0a, 0x0d, 0x0d, 0x0a]
    let first = bytes.copy(0..<min(4, bytes.byteCount))
    guard !known.starts(with: first) else { return }
    switch first {
    case [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0xc3, 0xd4], [0x4d, 0x3c, 0xb2, 0xa1],
      [0xa1, 0xb2, 0x3c, 0x4d]:
      throw BlockFault("this is pcap, not pcapng: convert it with editcap -F pcapng")
    case _ where first.starts(with: [0x1f, 0x8b]) || first == [0x28, 0xb5, 0x2f, 0xfd]:
      throw BlockFault("the file is compressed: unpack it first")
    case _: throw BlockFault("this is no pcapng file")
    }
  }

  /// Reads the block that the source begins with, which is all there.
  ///
  /// - Returns: The record, if the block holds one.
  private mutating func take(_ header: BlockHeader) throws(BlockFault) -> TraceRecord? {
    let length = Int(header.byteCount)
    let again: UInt32 = source.bytes.number(at: length - 4, isBigEndian: isBigEndian)
    guard again == header.byteCount else {
      throw BlockFault(
        "a block of \(length) bytes ends with the length \(again): the file is damaged")
    }
    let range = 8..<length - 4
    switch header.type {
    case BlockType.packet:
      return try TraceRecord(
        source.bytes.extracting(range), interfaces: interfaces, isBigEndian: isBigEndian)
    case BlockType.section:
      let application = try Self.application(
        in: source.bytes.extracting(range), isBigEndian: isBigEndian)
      self.application = application
      interfaces = []
      isInSection = true
    case BlockType.interface:
      let interface = try TraceInterface(
        source.bytes.extracting(range), isBigEndian: isBigEndian)
      try add(interface)
    case _:
      try addStatistics(range)
    }
    return nil
  }

  /// Reads the body of a Section Header Block.
  private static func application(
    in body: RawSpan, isBigEndian: Bool
  ) throws(BlockFault) -> String {
    guard body.byteCount >= 16 else { throw BlockFault("a section's header is too short") }
    let major: UInt16 = body.number(at: 4, isBigEndian: isBigEndian)
    guard major == 1 else { throw BlockFault("pcapng of version \(major); this program knows 1") }
    var application = ""
    try forEachOption(in: body, from: 16, isBigEndian) { code, value in
      if code == OptionCode.application { application = value.text(0..<value.byteCount) }
    }
    return application
  }

  private mutating func add(_ interface: TraceInterface) throws(BlockFault) {
    guard interface.linkType == Pcapng.linkType else {
      throw BlockFault(
        "packets of the link type \(interface.linkType), not \(Pcapng.linkType): "
          + "this is no capture of a virtio-fs device")
    }
    guard interfaces.count < Pcapng.mostInterfaces else {
      throw BlockFault("more than \(Pcapng.mostInterfaces) interfaces")
    }
    interfaces.append(interface)
  }

  private mutating func addStatistics(_ range: Range<Int>) throws(BlockFault) {
    guard range.count >= 12 else { throw BlockFault("an interface's statistics are too short") }
    let index: UInt32 = source.bytes.number(at: range.lowerBound, isBigEndian: isBigEndian)
    guard index < interfaces.count else {
      throw BlockFault("statistics of interface \(index), which is not described before them")
    }
    var interface = interfaces[Int(index)]
    try interface.addStatistics(source.bytes.extracting(range), isBigEndian: isBigEndian)
    interfaces[Int(index)] = interface
  }

  // MARK: Reading

  private mutating func fill(_ count: Int) throws(BlockFault) -> Bool {
    try reading { (source) throws(Errno) in try source.fill(count) }
  }

  private mutating func reading(
    _ body: (inout BlockSource) throws(Errno) -> Bool
  ) throws(BlockFault) -> Bool {
    do throws(Errno) {
      return try body(&source)
    } catch {
      throw BlockFault("cannot read it: \(error)")
    }
  }
}
