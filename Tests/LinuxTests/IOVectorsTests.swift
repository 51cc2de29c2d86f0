import Linux
import Testing

@Suite struct IOVectorsTests {
  /// Memory that vectors may point into.
  @safe
  private final class Memory {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ contents: [UInt8]) {
      unsafe bytes = .allocate(byteCount: contents.count, alignment: 8)
      unsafe bytes.copyBytes(from: contents)
    }

    deinit {
      unsafe bytes.deallocate()
    }

    func vectors(_ lengths: [Int]) throws -> IOVectors {
      var vectors = IOVectors()
      var offset = 0
      for length in lengths {
        guard let base = unsafe bytes.baseAddress else { throw Errno.badAddress }
        unsafe vectors.append(base + offset, byteCount: length)
        offset += length
      }
      return vectors
    }
  }

  private func contents(of vectors: borrowing IOVectors) -> [UInt8] {
    let count = vectors.byteCount
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      guard let base = buffer.baseAddress else { return }
      done = unsafe vectors.copyOut(to: base, count: count)
    }
  }

  @Test(arguments: 0...12)
  func dropTakesBytesFromTheFront(_ count: Int) throws {
    let memory = Memory(Array(0..<12))
    var vectors = try memory.vectors([5, 1, 0, 4, 2])
    vectors.drop(count)
    #expect(vectors.byteCount == 12 - count)
    #expect(contents(of: vectors) == Array(UInt8(count)..<12))
  }

  @Test(arguments: 0...12, [[5, 1, 0, 4, 2], [0, 0, 8, 4], [8, 4], [4, 8]])
  func takeOutCopiesTheFrontAndDropsIt(_ count: Int, _ lengths: [Int]) throws {
    let memory = Memory(Array(0..<12))
    var vectors = try memory.vectors(lengths)
    let front = unsafe [UInt8](unsafeUninitializedCapacity: 12) { buffer, done in
      guard let base = buffer.baseAddress else { return }
      unsafe vectors.takeOut(to: base, count: count)
      done = count
    }
    #expect(front == Array(0..<UInt8(count)))
    #expect(vectors.byteCount == 12 - count)
    #expect(contents(of: vectors) == Array(UInt8(count)..<12))
  }

  /// Words are copied as words, wherever they lie, and what is left as bytes.
  @Test(arguments: [1, 3, 8, 15, 17, 40, 41], 0...145)
  func takeOutAndCopyInMoveWhatTheyAreToldAndNothingElse(_ first: Int, _ count: Int) throws {
    let bytes = (0..<148).map { UInt8(truncatingIfNeeded: 7 &* $0 &+ 1) }
    let source = Memory(bytes)
    var from = try source.vectors([1, first, 147 - first])
    from.drop(1)
    let place = Memory([UInt8](repeating: 0xee, count: 160))
    guard let base = unsafe place.bytes.baseAddress else { throw Errno.badAddress }
    unsafe from.takeOut(to: base, count: count)
    let taken = unsafe Array(place.bytes)
    #expect(taken[..<count] == bytes[1..<count + 1])
    #expect(taken[count...].allSatisfy { $0 == 0xee })
    let target = Memory([UInt8](repeating: 0xee, count: 148))
    var into = try target.vectors([1, first, 147 - first])
    into.drop(1)
    let copied = Array(taken[..<count])
    into.copyIn(copied.rawBytes)
    let written = unsafe Array(target.bytes)
    #expect(written[1..<count + 1] == bytes[1..<count + 1])
    #expect(written[0] == 0xee && written[(count + 1)...].allSatisfy { $0 == 0xee })
  }

  @Test(arguments: 0...13)
  func truncateKeepsTheFront(_ count: Int) throws {
    let memory = Memory(Array(0..<12))
    var vectors = try memory.vectors([5, 1, 0, 4, 2])
    vectors.truncate(count)
    #expect(contents(of: vectors) == Array(0..<UInt8(min(count, 12))))
  }

  @Test(arguments: 0...13)
  func moveFirstSplitsTheList(_ count: Int) throws {
    let memory = Memory(Array(0..<12))
    var vectors = try memory.vectors([3, 3, 3, 3])
    var front = IOVectors()
    vectors.moveFirst(count, to: &front)
    #expect(contents(of: front) == Array(0..<UInt8(min(count, 12))))
    #expect(contents(of: vectors) == Array(UInt8(min(count, 12))..<12))
  }

  @Test func copyInFillsOneRangeAfterTheOther() throws {
    let memory = Memory([UInt8](repeating: 0, count: 10))
    var vectors = try memory.vectors([1, 4, 5])
    vectors.drop(1)
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
    unsafe vectors.copyIn(bytes.span.bytes)
    #expect(unsafe Array(memory.bytes) == [0, 1, 2, 3, 4, 5, 6, 0, 0, 0])
  }

  @Test func growsBeyondWhatItBeganWith() throws {
    let memory = Memory((0..<2000).map { UInt8(truncatingIfNeeded: $0) })
    let vectors = try memory.vectors([Int](repeating: 1, count: 2000))
    #expect(vectors.count == 2000)
    #expect(unsafe contents(of: vectors) == Array(memory.bytes))
  }
}
