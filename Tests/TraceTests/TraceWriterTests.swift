import Testing

@testable import Trace
import Linux

@Suite struct TraceWriterTests {
  /// A record in the file, byte by byte.
  @Test func aRecordIsLaidOutAsTheFormatSays() {
    let record = TraceRecord(
      time: 0x0001_0002_0003_0004, kind: .request, vring: 1, head: 7, serial: 9,
      readableByteCount: 45, writableByteCount: 16, message: [1, 2, 3, 4, 5]
    )
    .with(data: [6, 7, 8, 9])
    var writer = TraceWriter(snapLength: 2)
    let start = writer.bytes.count
    writer.append(record, droppedCount: 3)
    let block = Array(writer.bytes[start...])
    var file = HandMade()
    file.packet(
      interface: 1, time: record.time,
      HandMade.record(
        kind: 1, vring: 1, head: 7, serial: 9, readable: 45, writable: 16,
        message: [1, 2, 3, 4, 5], data: [6, 7], dataCount: 4, digest: Digest.of([6, 7, 8, 9])),
      original: 49,
      options: file.option(2, [1, 0, 0, 0]) + file.option(4, file.number(UInt64(3)))
        + file.option(0, []))
    #expect(block == file.bytes)
  }

  @Test func theBeginningIsASectionAndItsInterfaces() throws {
    let writer = TraceWriter(
      vringNames: TraceWriter.vringNames(count: 3), snapLength: 256, application: "app 1")
    var reader = TraceReader(bytes: writer.bytes)
    #expect(try reader.next() == nil)
    #expect(reader.application == "app 1")
    #expect(reader.interfaces.map(\.name) == ["hiprio", "request0", "request1"])
    #expect(reader.interfaces.map(\.linkType) == [147, 147, 147])
    #expect(
      reader.interfaces.map(\.unitsPerSecond) == [1_000_000_000, 1_000_000_000, 1_000_000_000])
  }

  @Test(arguments: [
    TraceEvent.captureBegan(program: "p 1", options: "--a=b -c"), .vringStopped,
    .vringStarted(size: 1024, features: 0x1_4000_0000), .dropped(1 << 40), .deviceReset,
    .captureEnded(requests: 1, replies: 2, dropped: 3),
  ])
  func eventsComeBackAsTheyWere(event: TraceEvent) {
    #expect(TraceEvent(message: event.message) == event)
    let kept = event.message.count > 4 ? event.message.count - 1 : 3
    if case .captureBegan = event { return }
    #expect(TraceEvent(message: Array(event.message.prefix(kept))) == nil)
  }

  @Test func aLineEndInAValueBeginsNoOtherLine() {
    let event = TraceEvent.captureBegan(program: "a\noptions=b", options: "c\nprogram=d")
    #expect(
      TraceEvent(message: event.message)
        == .captureBegan(program: "a options=b", options: "c program=d"))
  }

  @Test func unknownEventsAreNone() {
    #expect(TraceEvent(message: []) == nil)
    #expect(TraceEvent(message: [7, 0, 0, 0]) == nil)
    #expect(TraceEvent(message: [0, 0, 0, 0]) == nil)
  }

  /// The numbers are those of `xxhsum -H3`.
  @Test func digestsAreXXH3() {
    #expect(Digest().value == 0x2d06_8005_38d3_94c2)
    #expect(Digest.of(Array("abc".utf8)) == 0x78af_5f94_892f_3950)
    #expect(Digest.of([UInt8]()) == 0)
  }

  @Test func aDigestOfPartsIsThatOfTheWhole() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
    let digest = Digest()
    for _ in 0..<2 {
      digest.reset()
      for start in stride(from: 0, to: bytes.count, by: 777) {
        digest.update(bytes.rawBytes.extracting(start..<min(start + 777, bytes.count)))
      }
      #expect(digest.value == Digest.of(bytes))
    }
  }
}
