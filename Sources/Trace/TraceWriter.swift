internal import Linux

/// Puts a capture together in memory: what tests and tools need; the daemon has a `Recorder`.
package struct TraceWriter {
  /// The capture as far as it goes: always valid.
  package private(set) var bytes: [UInt8]
  private let snapLength: Int
  private let interfaceCount: Int

  /// A capture of a device with as many vrings as there are names.
  ///
  /// - Parameters:
  ///   - vringNames: `TraceWriter.vringNames` gives the usual ones.
  ///   - snapLength: At most so many bytes of a record's data are kept.
  ///   - application: `shb_userappl`.
  package init(
    vringNames: [String] = vringNames(count: 2), snapLength: Int = .max,
    application: String = "virtiofsctl"
  ) {
    self.snapLength = snapLength
    interfaceCount = vringNames.count
    bytes = Self.beginning(
      vringNames: vringNames, snapLength: snapLength, application: application)
  }

  /// The names of a device's vrings: `hiprio`, `request0` ...
  package static func vringNames(count: Int) -> [String] {
    (0..<count).map { $0 == 0 ? "hiprio" : "request\($0 - 1)" }
  }

  /// The section's header and its interfaces.
  static func beginning(vringNames: [String], snapLength: Int, application: String) -> [UInt8] {
    // A packet is the header, the message and the data: the longest message bounds the rest.
    let longest = UInt32(clamping: Int(clamping: UInt64(snapLength) + UInt64(mostMessageBytes)))
    let capacity = vringNames.reduce(256 + application.utf8.count) { $0 + $1.utf8.count + 64 }
    return BlockEncoder.bytes(capacity: capacity) { encoder in
      encoder.putSection(operatingSystem: "Linux", application: application)
      for name in vringNames { encoder.putInterface(name: name, snapLength: longest) }
    }
  }

  /// No message is longer: a directory's entries, a SETXATTR, with their headers.
  static let mostMessageBytes = 256 << 10

  /// Adds a record; its data beyond the snap length is left out.
  ///
  /// - Parameter droppedCount: How many records are missing before this one.
  package mutating func append(_ record: TraceRecord, droppedCount: UInt64 = 0) {
    precondition(record.vring < interfaceCount, "a record of a vring that has no interface")
    let kept = min(record.data.count, snapLength)
    let layout = RecordLayout(
      messageByteCount: record.message.count, keptByteCount: kept,
      dataByteCount: Int(record.dataByteCount), tellsDrops: droppedCount > 0)
    bytes += BlockEncoder.bytes(capacity: layout.blockByteCount) { encoder in
      encoder.putPrefix(of: record.numbers, layout)
      encoder.put(record.message.rawBytes)
      encoder.put(record.data.rawBytes.extracting(0..<kept))
      encoder.putSuffix(of: record.kind, layout, droppedCount: droppedCount)
    }
  }

  /// Adds an event.
  package mutating func append(_ event: TraceEvent, time: UInt64, vring: UInt16 = 0) {
    append(TraceRecord(time: time, kind: .event, vring: vring, message: event.message))
  }

  /// Adds what a capture ends with: the statistics of a vring.
  package mutating func appendStatistics(
    vring: UInt16, time: UInt64, receivedCount: UInt64, droppedCount: UInt64
  ) {
    bytes += BlockEncoder.bytes(capacity: 64) { encoder in
      encoder.putStatistics(
        interface: UInt32(vring), time: time, receivedCount: receivedCount,
        droppedCount: droppedCount)
    }
  }

  /// Writes the capture to `path`, in place of what is there.
  package func write(to path: String) throws(TraceError) {
    do throws(Errno) {
      let file = try Descriptor.createFile(path: path)
      try file.borrowed.writeWhole(bytes.rawBytes)
    } catch {
      throw TraceError(file: path, offset: nil, reason: "cannot write it: \(error)")
    }
  }
}

extension TraceRecord {
  /// Everything but the message and the data.
  var numbers: PacketNumbers {
    PacketNumbers(
      time: time, kind: kind, vring: vring, head: head, serial: serial,
      readableByteCount: readableByteCount, writableByteCount: writableByteCount, digest: digest)
  }

  /// A record with file data: its length and digest are those of `data`, all of which is kept.
  package func with(data: [UInt8]) -> TraceRecord {
    var record = self
    record.data = data
    record.dataByteCount = UInt32(clamping: data.count)
    record.digest = Digest.of(data)
    return record
  }
}
