import FuseProtocol
import FuseServer
import Linux
import Testing

/// Replies are put together whole, within the client's room.
@Suite struct ReplyBufferTests {
  private func begun(limit: Int, capacity: Int = 4096) -> ReplyBuffer {
    var reply = ReplyBuffer(capacity: capacity)
    reply.begin(unique: 99, limit: limit)
    return reply
  }

  private func bytes(_ reply: borrowing ReplyBuffer) -> [UInt8] {
    [UInt8](copying: reply.bytes)
  }

  @Test func holdsHeaderAndBody() throws {
    var reply = begun(limit: 100)
    try reply.append(0x0102_0304 as UInt32)
    try reply.append(([9, 8, 7] as [UInt8]).raw)
    reply.finish()
    let bytes = bytes(reply)
    let header = try #require(bytes.value(OutHeader.self))
    #expect(header.byteCount == 23 && header.error == 0 && header.unique == 99)
    #expect(bytes.value(UInt32.self, at: 16) == 0x0102_0304)
    #expect(Array(bytes.dropFirst(20)) == [9, 8, 7])
  }

  @Test func refusesWholeWhatDoesNotFit() {
    var reply = begun(limit: 7)
    #expect(throws: Errno.outOfRange) { try reply.append(1 as UInt64) }
    #expect(throws: Errno.outOfRange) { try reply.append([UInt8](repeating: 1, count: 8).raw) }
    let count = reply.byteCount
    #expect(count == 0)
  }

  @Test(arguments: [(10, 4096, 10), (4096, 10, 10), (0, 10, 0), (-16, 10, 0), (.max, 10, 10)])
  func theSmallerOfRoomAndMemoryCounts(_ limit: Int, _ capacity: Int, _ remaining: Int) {
    let reply = begun(limit: limit, capacity: capacity)
    let found = reply.remaining
    #expect(found == remaining)
  }

  @Test func isUsedForOneRequestAfterAnother() throws {
    var reply = begun(limit: 100)
    try reply.append(1 as UInt64)
    reply.finish()
    reply.begin(unique: 100, limit: 50)
    try reply.append(2 as UInt32)
    reply.finish()
    let bytes = bytes(reply)
    #expect(bytes.count == 20)
    #expect(bytes.value(OutHeader.self)?.unique == 100)
  }

  @Test func anErrorLeavesNothingBehindTheHeader() throws {
    var reply = begun(limit: 100)
    try reply.append(1 as UInt64)
    reply.fail(.noSpace)
    let bytes = bytes(reply)
    #expect(bytes.count == 16)
    let header = try #require(bytes.value(OutHeader.self))
    #expect(header.byteCount == 16 && header.error == -28 && header.unique == 99)
  }

  @Test func isFilledInPlaceUpToTheLimit() throws {
    var reply = begun(limit: 100)
    var offered: [Int] = []
    for limit in [5, 1000, -1] {
      try reply.append(upTo: limit) { (output) throws(Errno) in
        offered.append(output.freeCapacity)
        guard output.freeCapacity >= 2 else { return }
        // SAFETY: bytes have no padding; so below.
        unsafe output.append(repeating: 7, count: 2, as: UInt8.self)
      }
    }
    reply.finish()
    #expect(offered == [5, 98, 0])
    #expect(Array(bytes(reply).dropFirst(16)) == [7, 7, 7, 7])
  }

  @Test func whatFailsToFillAppendsNothing() {
    var reply = begun(limit: 100)
    var thrown: Errno?
    do throws(Errno) {
      try reply.append(upTo: 10) { (output) throws(Errno) in
        // SAFETY: bytes have no padding.
        unsafe output.append(repeating: 7, count: 2, as: UInt8.self)
        throw .inputOutput
      }
    } catch {
      thrown = error
    }
    #expect(thrown == .inputOutput)
    let count = reply.byteCount
    #expect(count == 0)
  }
}

/// The replies to deferred calls.
@Suite struct DeferredReplyTests {
  private func reply(_ call: DeferredCall, _ result: Result<Int, Errno>) -> [UInt8] {
    var reply = ReplyBuffer(capacity: 64)
    reply.finish(unique: 5, call, result: result, limit: 64)
    return [UInt8](copying: reply.bytes)
  }

  private let read = DeferredCall.read(FakeFileSystem.file, offset: 0, byteCount: 100)
  private let write = DeferredCall.write(
    FakeFileSystem.file,
    WriteCall(offset: 0, byteCount: 100, appends: false, syncFlags: 0, killsSetID: false))

  @Test(arguments: [(0, 16), (60, 76), (100, 116), (101, 116), (-1, 16)])
  func aReadCountsTheDataThatIsElsewhere(_ byteCount: Int, _ length: UInt32) throws {
    let bytes = reply(read, .success(byteCount))
    #expect(bytes.count == 16)
    let header = try #require(bytes.value(OutHeader.self))
    #expect(header.byteCount == length && header.error == 0 && header.unique == 5)
  }

  @Test(arguments: [(0, 0), (60, 60), (101, 100), (-5, 0)] as [(Int, UInt32)])
  func aWriteSaysHowMuchButNeverMoreThanAsked(_ byteCount: Int, _ written: UInt32) throws {
    let bytes = reply(write, .success(byteCount))
    #expect(bytes.value(OutHeader.self)?.byteCount == 24)
    #expect(bytes.value(WriteOut.self, at: 16)?.byteCount == written)
  }

  @Test func othersHaveAHeaderOnly() {
    let sync = reply(.sync(FakeFileSystem.file, dataOnly: true), .success(0))
    let allocate = reply(
      .allocate(
        FakeFileSystem.file,
        AllocateCall(mode: 0, offset: 0, byteCount: 1, killsSetID: false)), .success(0))
    #expect(sync.value(OutHeader.self)?.byteCount == 16)
    #expect(allocate.value(OutHeader.self)?.byteCount == 16)
  }

  @Test func aFailureIsTheErrorsNumber() {
    for call in [read, write] {
      let bytes = reply(call, .failure(.noSpace))
      #expect(bytes.count == 16 && bytes.value(OutHeader.self)?.error == -28)
    }
  }
}
