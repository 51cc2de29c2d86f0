import TestSupport
import Testing
import Trace

/// What is no capture, or one that was made to do harm.
@Suite struct BadCaptureTests {
  private func error(_ make: (inout HandMade) -> Void) -> TraceError? {
    var file = HandMade()
    file.section()
    file.interface()
    make(&file)
    return read(file.bytes).error
  }

  @Test(
    arguments: [
      ([], "empty"), (Array("hello, this is text".utf8), "no pcapng"), ([0x7f], "no pcapng"),
      ([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0], "editcap -F pcapng"),
      ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "compressed"),
      ([0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4, 5], "byte order"),
    ] as [([UInt8], String)])
  func foreignFilesAreNamed(bytes: [UInt8], words: String) {
    let found = read(bytes).error
    #expect(found?.offset == 0)
    #expect(found?.reason.contains(words) == true, "\(found?.description ?? "nothing")")
  }

  @Test func whatCannotBeOpenedIsNamed() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: TraceError.self) { _ = try TraceReader(path: directory.path + "/none") }
    var reader = try TraceReader(path: directory.path)
    do throws(TraceError) {
      _ = try reader.next()
      Issue.record("a directory was read")
    } catch {
      #expect(error.description.contains("directory"))
    }
  }

  @Test func foreignLinkTypesAreNamed() {
    let found = error { $0.interface(linkType: 1) }
    #expect(found?.reason.contains("link type 1") == true)
  }

  @Test(arguments: [UInt32(0), 4, 8, 13, 11, 0x7fff_fff1])
  func impossibleLengthsOfBlocks(length: UInt32) {
    let found = error { $0.bytes += $0.number(UInt32(6)) + $0.number(length) + [0, 0, 0, 0] }
    #expect(found?.reason.contains("\(length) bytes") == true)
    #expect(found?.offset == 28 + 32)
  }

  @Test func hugeBlocksAreNotReadIntoMemory() {
    let known = error {
      $0.bytes += $0.number(UInt32(6)) + $0.number(UInt32.max - 3) + [0, 0, 0, 0]
    }
    #expect(known?.reason.contains("longer than any record") == true)
    // An unknown one is skipped, to the end of the file.
    let unknown = error {
      $0.bytes += $0.number(UInt32(9)) + $0.number(UInt32.max - 3) + [0, 0, 0, 0]
    }
    #expect(unknown == nil)
  }

  @Test func theLengthAtABlocksEndMustBeTheSame() {
    let found = error { file in
      file.packet(HandMade.record())
      file.bytes[file.bytes.count - 4] ^= 4
    }
    #expect(found?.reason.contains("damaged") == true)
  }

  @Test func lengthsInsideABlockMustFit() {
    #expect(error { $0.packet(HandMade.record(messageCount: 1)) } != nil)
    #expect(error { $0.packet(HandMade.record(messageCount: .max)) } != nil)
    #expect(error { $0.packet(HandMade.record(data: [1, 2], dataCount: 1)) } != nil)
    #expect(error { $0.packet(HandMade.record(data: [1, 2], dataCount: 3)) } == nil)
    #expect(error { $0.packet(interface: 1, HandMade.record()) } != nil)
    #expect(error { $0.packet(interface: .max, HandMade.record()) } != nil)
    #expect(error { $0.packet([1, 1, 0]) } != nil)
    #expect(error { $0.block(6, [UInt8](repeating: 0, count: 16)) } != nil)
    #expect(error { $0.block(1, []) } != nil)
    #expect(error { $0.block(5, []) } != nil)
    #expect(error { $0.block(5, [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) } != nil)
    #expect(error { $0.interface(options: [9, 0, 0xff, 0xff]) } != nil)
    #expect(error { $0.interface(options: $0.option(9, [20])) } != nil)
    #expect(error { $0.interface(options: $0.option(9, [0xff])) } != nil)
  }

  @Test func otherVersionsAndKindsAreNamed() {
    #expect(error { $0.packet([2] + HandMade.record().dropFirst()) } != nil)
    #expect(error { $0.packet(HandMade.record(kind: 0)) } != nil)
    #expect(error { $0.packet(HandMade.record(kind: 4)) } != nil)
    var file = HandMade()
    file.section()
    file.bytes[12] = 2
    #expect(read(file.bytes).error?.reason.contains("version 2") == true)
  }

  @Test func afterAnErrorThereAreNoMoreRecords() throws {
    var file = HandMade()
    file.section()
    file.interface()
    file.packet(HandMade.record(kind: 9))
    file.packet(HandMade.record())
    var reader = TraceReader(bytes: file.bytes)
    #expect(throws: TraceError.self) { try reader.next() }
    #expect(try reader.next() == nil)
  }

  /// Bits are turned over in a small capture, many times: the reader ends, and does not trap.
  @Test func noDamageTraps() {
    var writer = TraceWriter(application: "test")
    writer.append(.captureBegan(program: "p", options: "o"), time: 1)
    for serial in UInt64(0)..<4 {
      let kind: TraceRecord.Kind = serial % 2 == 0 ? .request : .reply
      writer.append(
        TraceRecord(
          time: serial, kind: kind, vring: 1, serial: serial / 2, message: [1, 2, 3, 4, 5]
        )
        .with(data: [7, 8, 9]))
    }
    writer.append(.captureEnded(requests: 2, replies: 2, dropped: 0), time: 9)
    writer.appendStatistics(vring: 1, time: 9, receivedCount: 4, droppedCount: 0)
    var random = SeededRandom(seed: 3)
    var (errors, cuts, readable) = (0, 0, 0)
    for _ in 0..<20_000 {
      var bytes = writer.bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      let found = read(bytes)
      if found.error != nil {
        errors += 1
      } else if found.cut != nil {
        cuts += 1
      } else {
        readable += 1
      }
      for record in found.records { _ = TraceEvent(message: record.message) }
    }
    #expect(errors > 100 && readable > 100, "\(errors) \(cuts) \(readable)")
  }
}
