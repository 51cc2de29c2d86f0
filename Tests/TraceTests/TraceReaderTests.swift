import TestSupport
import Testing
import Trace

@Suite struct TraceReaderTests {
  /// One record with every field set.
  private let packet = HandMade.record(
    kind: 2, vring: 3, head: 0x1234, serial: 0x0102_0304_0506_0708, readable: 80, writable: 4112,
    message: [9, 8, 7, 6, 5], data: [1, 2, 3], dataCount: 4096, digest: 0xfeed_face_cafe_beef)

  private func expected(time: UInt64) -> TraceRecord {
    var record = TraceRecord(
      time: time, kind: .reply, vring: 3, head: 0x1234, serial: 0x0102_0304_0506_0708,
      readableByteCount: 80, writableByteCount: 4112, message: [9, 8, 7, 6, 5])
    record.data = [1, 2, 3]
    record.dataByteCount = 4096
    record.digest = 0xfeed_face_cafe_beef
    return record
  }

  @Test(arguments: [false, true])
  func readsEveryFieldInBothByteOrders(isBigEndian: Bool) {
    var file = HandMade(isBigEndian: isBigEndian)
    file.section()
    file.interface()
    file.packet(time: 0x1122_3344_5566_7788, packet)
    let found = read(file.bytes)
    #expect(found.records == [expected(time: 0x1122_3344_5566_7788)])
    #expect(found.error == nil && found.cut == nil)
  }

  @Test func readsSectionsOneAfterTheOther() {
    var file = HandMade()
    file.section()
    file.interface()
    file.packet(time: 5, packet)
    file.isBigEndian = true
    file.section()
    file.interface(options: file.option(9, [6]))
    file.interface(options: file.option(9, [9]))
    file.packet(interface: 0, time: 7, packet)
    file.packet(interface: 1, time: 7, packet)
    #expect(read(file.bytes).records.map(\.time) == [5, 7000, 7])
  }

  @Test func interfacesOfAnEarlierSectionAreForgotten() {
    var file = HandMade()
    file.section()
    file.interface()
    file.section()
    let offset = file.bytes.count
    file.packet(packet)
    let error = read(file.bytes).error
    #expect(error?.offset == UInt64(offset))
    #expect(error?.reason.contains("interface 0") == true)
  }

  @Test(
    arguments: [
      (nil, UInt64(3), UInt64(3000)), ([3], 7, 7_000_000), ([0], 2, 2_000_000_000), ([12], 9999, 9),
      ([0x80 | 10], 512, 500_000_000), ([0x80 | 63], 1 << 62, 500_000_000),
      ([19], .max, 1_844_674_407), ([0], .max, .max),
    ] as [([UInt8]?, UInt64, UInt64)])
  func timesOfEveryResolutionBecomeNanoseconds(
    resolution: [UInt8]?, time: UInt64, nanoseconds: UInt64
  ) {
    var file = HandMade()
    file.section()
    file.interface(options: resolution.map { file.option(9, $0) } ?? [])
    file.packet(time: time, packet)
    #expect(read(file.bytes).records.map(\.time) == [nanoseconds])
  }

  @Test func theOffsetOfAnInterfaceIsAddedToItsTimes() {
    var file = HandMade()
    file.section()
    file.interface(options: file.option(9, [9]) + file.option(14, file.number(Int64(-2))))
    file.interface(options: file.option(14, file.number(Int64(3))))
    file.packet(time: 5_000_000_001, packet)
    file.packet(time: 1, packet)
    file.packet(interface: 1, time: 1, packet)
    #expect(read(file.bytes).records.map(\.time) == [3_000_000_001, 0, 3_000_001_000])
  }

  @Test func whatIsNotKnownIsSkipped() throws {
    var file = HandMade()
    file.section(options: file.option(1, [65]) + file.option(4, Array("us".utf8)))
    file.block(0x0bad, [1, 2, 3, 4])
    let name = file.option(2, Array("request0".utf8))
    file.interface(options: name + file.option(9, [9]) + file.option(77, [1, 2, 3]))
    file.block(0x8000_0001, [UInt8](repeating: 7, count: 70_000))
    file.packet(packet, options: file.option(1, [66]) + file.option(0, []))
    file.block(5, [UInt8](repeating: 0, count: 12) + file.option(5, file.number(UInt64(11))))
    file.block(3, [])
    var reader = TraceReader(bytes: file.bytes)
    #expect(try reader.next() != nil)
    #expect(try reader.next() == nil)
    #expect(reader.application == "us")
    #expect(reader.interfaces.map(\.name) == ["request0"])
    #expect(reader.interfaces.map(\.droppedCount) == [11])
    #expect(reader.offset == UInt64(file.bytes.count))
  }

  @Test func slicedPacketsAreReadAsFarAsTheyGo() {
    var file = HandMade()
    file.section()
    file.interface()
    file.packet(Array(packet.prefix(46)), original: 48)
    file.packet(Array(packet.prefix(42)), original: 48)
    file.packet(Array(packet.prefix(40)), original: 48)
    let records = read(file.bytes).records
    #expect(records.map(\.data.count) == [1, 0, 0])
    #expect(records.map(\.message.count) == [5, 2, 0])
    #expect(records.map(\.missingMessageByteCount) == [0, 3, 5])
    file.packet(Array(packet.prefix(39)), original: 48)
    #expect(read(file.bytes).error?.reason.contains("editcap -s 40") == true)
  }

  @Test func aFileThatIsCutAnywhereGivesWhatIsWhole() {
    var file = HandMade()
    file.section()
    file.interface()
    var ends: [Int] = [0, 28, file.bytes.count]
    for serial in 0..<3 {
      file.packet(time: UInt64(serial), packet)
      ends.append(file.bytes.count)
    }
    file.block(0x0bad, [1, 2, 3, 4])
    ends.append(file.bytes.count)
    for count in 1...file.bytes.count {
      let found = read(Array(file.bytes.prefix(count)))
      let whole = ends.last { $0 <= count } ?? 0
      #expect(found.error == nil)
      #expect(found.records.count == max(0, min(3, ends.lastIndex(of: whole).map { $0 - 2 } ?? 0)))
      #expect(found.cut == (whole == count ? nil : UInt64(whole)), "\(count) bytes")
    }
  }

  @Test func zerosThatACrashOfTheHostLeftAreACut() {
    var file = HandMade()
    file.section()
    file.interface()
    file.packet(packet)
    let end = file.bytes.count
    let found = read(file.bytes + [UInt8](repeating: 0, count: 4096))
    #expect(found.records.count == 1)
    #expect(found.cut == UInt64(end) && found.error == nil)
  }

  @Test func aFileIsReadInPartsOfAnySize() throws {
    let directory = try TemporaryDirectory()
    var writer = TraceWriter()
    let records = (0..<300).map { index in
      TraceRecord(
        time: UInt64(index), kind: .request, vring: UInt16(index % 2), serial: UInt64(index),
        message: [UInt8](repeating: UInt8(index & 0xff), count: index * 37 % 9000)
      )
      .with(data: [UInt8](repeating: 1, count: index == 150 ? 700_000 : 0))
    }
    for record in records { writer.append(record) }
    try writer.write(to: directory.path + "/a")
    var reader = try TraceReader(path: directory.path + "/a")
    #expect(reader.byteCount == UInt64(writer.bytes.count))
    for record in records { #expect(try reader.next() == record) }
    #expect(try reader.next() == nil)
    #expect(reader.cutOffset == nil)
  }
}
