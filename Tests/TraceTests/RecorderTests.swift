import Linux
import TestSupport
import Testing

@testable import Trace

/// From the lanes into the file.
@Suite struct RecorderTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("recorder")
  }

  private var path: String { directory.path("capture") }

  private func makeRecorder(
    vringCount: Int = 2, snapLength: Int = 16, laneByteCount: Int = 1 << 16,
    report: @escaping @Sendable (Recorder.Trouble) -> Void = { _ in }
  ) throws -> Recorder {
    let file = try CaptureFile(
      path: path, vringCount: vringCount, snapLength: snapLength, program: "test 1",
      options: "--none")
    return try Recorder(file, laneByteCount: laneByteCount, report: report)
  }

  private func readAll() throws -> (records: [TraceRecord], interfaces: [TraceInterface]) {
    var reader = try TraceReader(path: path)
    var records: [TraceRecord] = []
    while let record = try reader.next() { records.append(record) }
    #expect(reader.cutOffset == nil)
    return (records, reader.interfaces)
  }

  @Test func aCaptureWithoutRequestsHasItsBeginningAndItsEnd() throws {
    let recorder = try makeRecorder()
    #expect(recorder.close(milliseconds: 5000))
    let (records, interfaces) = try readAll()
    #expect(
      records.map { TraceEvent(message: $0.message) } == [
        .captureBegan(program: "test 1", options: "--none"),
        .captureEnded(requests: 0, replies: 0, dropped: 0),
      ])
    #expect(interfaces.map(\.name) == ["hiprio", "request0"])
    #expect(interfaces.map(\.receivedCount) == [0, 0])
    #expect(try hostStatus(path).mode & 0o777 == 0o600)
  }

  @Test func requestsAndRepliesComeBackAsTheyWere() throws {
    let recorder = try makeRecorder()
    let lane = recorder.lane(1)
    let message: [UInt8] = [1, 2, 3]
    let memory = Memory((0..<100).map { UInt8($0) }, cutAt: [3, 50])
    let serial = lane.recordRequest(
      head: 7, readableByteCount: 140, writableByteCount: 24, message: message.rawBytes,
      data: memory.vectors, dataByteCount: 100)
    lane.recordReply(
      serial: serial, head: 7, writtenByteCount: 60, in: memory.vectors, messageByteCount: 24)
    #expect(recorder.close(milliseconds: 5000))
    let (records, interfaces) = try readAll()
    try #require(records.count == 4)
    var request = TraceRecord(
      time: records[1].time, kind: .request, vring: 1, head: 7, serial: serial,
      readableByteCount: 140, writableByteCount: 24, message: [1, 2, 3]
    )
    .with(data: Array(0..<100))
    request.data = Array(0..<16)
    #expect(records[1] == request)
    var reply = TraceRecord(
      time: records[2].time, kind: .reply, vring: 1, head: 7, serial: serial,
      writableByteCount: 60, message: Array(0..<24)
    )
    .with(data: Array(24..<60))
    reply.data = Array(24..<40)
    #expect(records[2] == reply)
    #expect(records[1].time <= records[2].time)
    #expect(interfaces.map(\.receivedCount) == [0, 2])
  }

  @Test func eventsStandAtTheirPlaces() throws {
    let recorder = try makeRecorder()
    recorder.noteReset()
    recorder.vringStarted(recorder.lane(1), size: 128, features: 3)
    recorder.lane(1).record(.vringStopped)
    recorder.noteReset()
    #expect(recorder.close(milliseconds: 5000))
    let records = try readAll().records
    // Those of different vrings, and resets, may pass each other.
    let events = records.dropFirst().compactMap { TraceEvent(message: $0.message) }
    #expect(events.count == 5)
    #expect(events.filter { $0 == .deviceReset }.count == 2)
    let started = try #require(events.firstIndex(of: .vringStarted(size: 128, features: 3)))
    let stopped = try #require(events.firstIndex(of: .vringStopped))
    #expect(started < stopped)
    #expect(events.last == .captureEnded(requests: 0, replies: 0, dropped: 0))
    #expect(records.dropFirst().map(\.vring).filter { $0 == 1 }.count == 3)
  }

  /// A ring that is far too small: every record is in the file or counted, on its vring.
  @Test(arguments: [1 << 10, 1 << 12, 1 << 16]) func whatDoesNotFitIsCounted(
    laneByteCount: Int
  ) throws {
    let recorder = try makeRecorder(laneByteCount: laneByteCount)
    let memory = Memory([UInt8](repeating: 5, count: 300), cutAt: [])
    let count = 20_000
    for number in 0..<count {
      let message = [UInt8](repeating: 1, count: number % 500)
      let serial = recorder.lane(1).recordRequest(
        head: 0, readableByteCount: 0, writableByteCount: 0, message: message.rawBytes,
        data: memory.vectors, dataByteCount: 0)
      #expect(serial & 0xffff_ffff == UInt64(number + 1))
      if number % 1000 == 0 { recorder.lane(1).settle() }
    }
    #expect(recorder.close(milliseconds: 5000))
    let (records, interfaces) = try readAll()
    let requests = records.filter { $0.kind == .request }
    let events = records.filter { $0.kind == .event }.compactMap { TraceEvent(message: $0.message) }
    var dropped = 0
    for case .dropped(let number) in events { dropped += Int(number) }
    #expect(requests.count + dropped == count)
    #expect(laneByteCount > 1 << 12 || dropped > 0)
    #expect(requests.allSatisfy { $0.message.count == Int($0.serial & 0xffff_ffff - 1) % 500 })
    #expect(zip(requests, requests.dropFirst()).allSatisfy { $0.serial < $1.serial })
    let own = records.filter { $0.vring == 1 }
    #expect(zip(own, own.dropFirst()).allSatisfy { $0.time <= $1.time })
    #expect(
      events.last
        == .captureEnded(
          requests: UInt64(requests.count), replies: 0, dropped: UInt64(dropped)))
    #expect(interfaces.map(\.receivedCount) == [0, UInt64(count)])
    #expect(interfaces.map(\.droppedCount) == [0, UInt64(dropped)])
  }

  /// A guest may state gigabytes that all name the same memory, and have them refused at once.
  @Test(arguments: [0, 1, 3 << 30]) func noMoreThanFourMegabytesAreDigested(excess: Int) throws {
    let recorder = try makeRecorder()
    let memory = Memory([UInt8](repeating: 3, count: 1 << 16), cutAt: [])
    let count = 4 << 20 + excess
    let none: [UInt8] = []
    withExtendedLifetime(memory) {
      var vectors = IOVectors()
      while vectors.byteCount < 16 + count { vectors.append(memory.vectors) }
      let serial = recorder.lane(1).recordRequest(
        head: 0, readableByteCount: 0, writableByteCount: 0, message: none.rawBytes,
        data: vectors, dataByteCount: count)
      recorder.lane(1).recordReply(
        serial: serial, head: 0, writtenByteCount: 16 + count, in: vectors, messageByteCount: 16)
    }
    #expect(recorder.close(milliseconds: 5000))
    let records = try readAll().records.filter { $0.kind != .event }
    let whole = Digest.of([UInt8](repeating: 3, count: 4 << 20))
    #expect(records.map(\.digest) == [UInt64](repeating: excess == 0 ? whole : 0, count: 2))
    #expect(records.allSatisfy { $0.dataByteCount == UInt32(count) && $0.data.count == 16 })
  }

  @Test func manyVringsRecordAtOnce() throws {
    let vringCount = 4
    let perVring = 30_000
    let recorder = try makeRecorder(vringCount: vringCount, laneByteCount: 1 << 14)
    try onThreads(vringCount) { index in
      let lane = recorder.lane(index)
      let memory = Memory([UInt8](repeating: UInt8(index), count: 40), cutAt: [1])
      let none: [UInt8] = []
      for number in 0..<perVring {
        let serial = lane.recordRequest(
          head: UInt16(number & 0xff), readableByteCount: 0, writableByteCount: 0,
          message: none.rawBytes, data: memory.vectors, dataByteCount: number % 40)
        lane.recordReply(
          serial: serial, head: 0, writtenByteCount: 16, in: memory.vectors, messageByteCount: 16)
        if number % 64 == 0 { lane.settle() }
      }
    }
    #expect(recorder.close(milliseconds: 10_000))
    let (records, interfaces) = try readAll()
    for index in 0..<vringCount {
      let all = records.filter { Int($0.vring) == index }
      #expect(zip(all, all.dropFirst()).allSatisfy { $0.time <= $1.time })
      let own = all.filter { $0.kind != .event }
      let dropped = Int(interfaces[index].droppedCount ?? 0)
      #expect(own.count + dropped == 2 * perVring)
      #expect(own.allSatisfy { $0.data.allSatisfy { $0 == UInt8(index) } })
    }
  }

  /// The file takes no more, then it does again: nothing of what fitted into memory is lost.
  @Test func aFullDiskIsWaitedFor() throws {
    let disk = try TemporaryFileSystem(byteCount: 1 << 20)
    let filler = "\(disk.path)/filler"
    try hostWrite(filler, [UInt8](repeating: 1, count: (1 << 20) - (64 << 10)))
    let file = try CaptureFile(
      path: "\(disk.path)/capture", vringCount: 1, snapLength: 0, program: "p", options: "")
    let troubles = Troubles()
    let recorder = try Recorder(file, laneByteCount: 1 << 20) { troubles.append($0) }
    let memory = Memory([], cutAt: [])
    let message = [UInt8](repeating: 7, count: 1000)
    for _ in 0..<500 {
      _ = recorder.lane(0).recordRequest(
        head: 0, readableByteCount: 0, writableByteCount: 0,
        message: message.rawBytes, data: memory.vectors,
        dataByteCount: 0)
    }
    recorder.lane(0).settle()
    #expect(waitUntil { troubles.all == [.cannotWrite(.noSpace)] })
    try hostRemove(filler)
    #expect(
      waitUntil { (try? hostStatus("\(disk.path)/capture").size).map { $0 > 500_000 } == true })
    #expect(recorder.close(milliseconds: 5000))
    #expect(troubles.all == [.cannotWrite(.noSpace)])
    var reader = try TraceReader(path: "\(disk.path)/capture")
    var count = 0
    while let record = try reader.next() { count += record.kind == .request ? 1 : 0 }
    #expect(count == 500)
    #expect(reader.cutOffset == nil)
  }

  @Test func aDiskThatStaysFullIsSaidAtTheEnd() throws {
    let disk = try TemporaryFileSystem(byteCount: 256 << 10)
    let file = try CaptureFile(
      path: "\(disk.path)/capture", vringCount: 1, snapLength: 0, program: "p", options: "")
    let troubles = Troubles()
    let recorder = try Recorder(file, laneByteCount: 1 << 18) { troubles.append($0) }
    let memory = Memory([], cutAt: [])
    let message = [UInt8](repeating: 7, count: 1000)
    for _ in 0..<2000 {
      _ = recorder.lane(0).recordRequest(
        head: 0, readableByteCount: 0, writableByteCount: 0,
        message: message.rawBytes, data: memory.vectors,
        dataByteCount: 0)
    }
    #expect(!recorder.close(milliseconds: 5000))
    try #require(troubles.all.count == 2)
    guard case .incomplete(let dropped, isCut: true) = troubles.all[1] else {
      Issue.record("\(troubles.all)")
      return
    }
    #expect(dropped > 0)
    var reader = try TraceReader(path: "\(disk.path)/capture")
    while try reader.next() != nil {}
    #expect(reader.cutOffset != nil)
  }

  /// While it grows a capture has room beyond its end, which is nobody's afterwards.
  @Test func whatRoomIsLeftInTheEndIsGivenBack() throws {
    let recorder = try makeRecorder(laneByteCount: 1 << 22)
    let memory = Memory([], cutAt: [])
    let message = [UInt8](repeating: 7, count: 1000)
    for _ in 0..<3000 {
      _ = recorder.lane(1).recordRequest(
        head: 0, readableByteCount: 0, writableByteCount: 0,
        message: message.rawBytes, data: memory.vectors, dataByteCount: 0)
    }
    recorder.lane(1).settle()
    let file = try Descriptor.openForReading(path: path)
    #expect(waitUntil { (try? file.borrowed.status().size).map { $0 > 3_000_000 } == true })
    #expect(try file.borrowed.status().blocks > (16 << 20) / 512)
    #expect(recorder.close(milliseconds: 5000))
    #expect(try file.borrowed.status().blocks < (4 << 20) / 512)
    #expect(try readAll().records.filter { $0.kind == .request }.count == 3000)
  }

  @Test func filesThatAreNoneAreRefused() throws {
    func create(_ path: String) throws(Errno) {
      _ = try CaptureFile(path: path, vringCount: 1, snapLength: 0, program: "", options: "")
    }
    #expect(throws: Errno.isDirectory) { try create(directory.path) }
    #expect(throws: Errno.noEntry) { try create(directory.path("none/capture")) }
    #expect(throws: Errno.noDevice) { try create("/dev/null") }
  }

  @Test func whatIsThereIsEmptiedAndMadePrivate() throws {
    try hostWrite(path, String(repeating: "old", count: 10_000), mode: 0o644)
    try #require(try makeRecorder().close(milliseconds: 5000))
    #expect(try hostStatus(path).mode & 0o777 == 0o600)
    #expect(try readAll().records.count == 2)
  }

  @Test func aCaptureKnowsWhetherItLiesInADirectory() throws {
    try hostMakeDirectory(directory.path("share"))
    try hostMakeDirectory(directory.path("share2"))
    let share = try Descriptor.directory(at: directory.path("share"))
    for (name, isInside) in [("share/a", true), ("share2/a", false), ("a", false)] {
      let file = try CaptureFile(
        path: directory.path(name), vringCount: 1, snapLength: 0, program: "", options: "")
      #expect(file.isInside(share.borrowed) == isInside, "\(name)")
    }
  }
}
