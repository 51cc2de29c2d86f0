import Frontend
import FuseProtocol
import TestSupport
import Testing
import Trace

@testable import Virtiofsctl

/// The parts of `replay` by themselves.
@Suite struct ReplayPartsTests {
  @Test func fillerIsAFunctionOfTheOffset() {
    let whole = Filler.bytes(at: 1000, count: 100)
    #expect(whole == (0..<100).map { Filler.byte(at: 1000 + $0) })
    #expect(Filler.bytes(at: 1003, count: 50) == Array(whole[3..<53]))
    #expect(Filler.bytes(at: .max - 2, count: 6).count == 6)
    #expect(Set(Filler.bytes(at: 0, count: 4096)).count > 250)
  }

  @Test func fillerOfAnyPlaceIsKnown() {
    var random = SeededRandom()
    for _ in 0..<1000 {
      let word = UInt64.random(in: 0..<1 << 32, using: &random)
      let bytes = Filler.bytes(at: word * 8, count: 8)
      #expect(Filler.isWord(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
      #expect(!Filler.isWord(word))
    }
  }

  @Test func standInsAreToldFromData() {
    let data = (0..<5000).map { UInt8(truncatingIfNeeded: $0 % 89 + 32) }
    #expect(!StandIns.hasFiller(data[...], at: 4096))
    #expect(!StandIns.hasFiller(data[..<40], at: 4096))
    #expect(!StandIns.hasHole(data[...]))
    let filler = Filler.bytes(at: 4096 + 2000, count: 8)
    #expect(StandIns.hasFiller((data[..<2000] + filler + data[2008...])[...], at: 4096))
    // Copied from elsewhere.
    #expect(StandIns.hasFiller((data[..<1001] + filler + data[2000...])[...], at: 4096))
    #expect(StandIns.hasFiller(Filler.bytes(at: 4099, count: 1)[...], at: 4099))
    #expect(StandIns.hasHole([0, 0, 0]))
    #expect(!StandIns.hasHole([0, 1, 0]))
    #expect(StandIns.hasHole((data + [UInt8](repeating: 0, count: 64) + data)[...]))
  }

  @Test func extentsAreAsAnArrayOfBytes() {
    var random = SeededRandom()
    var extents = Extents(file: 1, byteCount: 200)
    // For each byte where it was before, if it still is there.
    var model = (0..<300).map { $0 < 200 ? $0 : -1 }
    for round in 0..<2000 {
      let start = Int.random(in: 0..<250, using: &random)
      let count = Int.random(in: 0..<50, using: &random)
      let range = UInt64(start)..<UInt64(start + count)
      if random.oneIn(3) {
        extents.remove(range)
        for place in start..<start + count { model[place] = -1 }
      } else {
        let from = Int.random(in: 0..<250, using: &random)
        let parts = extents.overlapping(UInt64(from)..<UInt64(from + count))
        extents.replace(range, with: parts, movedBy: range.lowerBound &- UInt64(from))
        let copied = Array(model[from..<from + count])
        model.replaceSubrange(start..<start + count, with: copied)
      }
      var found = Array(repeating: -1, count: 300)
      var overlaps = false
      for extent in extents.all {
        for place in extent.start..<extent.end {
          overlaps = overlaps || found[Int(place)] != -1
          found[Int(place)] = Int(extent.origin + place - extent.start)
        }
      }
      guard found == model, !overlaps else {
        Issue.record("seed \(random.seed), round \(round): \(extents.all)")
        return
      }
      if extents.all.isEmpty {
        extents = Extents(file: 1, byteCount: 200)
        model = (0..<300).map { $0 < 200 ? $0 : -1 }
      }
    }
  }

  @Test func theFirstStepComesOutFirst() {
    var random = SeededRandom()
    var heap = StepHeap()
    var model: [Int] = []
    for _ in 0..<2000 {
      if random.oneIn(3) {
        #expect(heap.removeFirst() == model.min())
        model.min().map { least in model.removeAll { $0 == least } }
      } else if let new = (0..<100_000).randomElement(using: &random), !model.contains(new) {
        heap.insert(new)
        model.append(new)
      }
    }
  }

  private let file = Attr(
    ino: 1, size: 5, blocks: 8, atime: 1, mtime: 2, ctime: 3, mode: 0o100644, linkCount: 2, uid: 3,
    gid: 4, blockSize: 4096)

  @Test func whatMayDifferIsNoDifference() {
    var other = file
    other.ino = 9
    other.blocks = 16
    (other.atime, other.mtime, other.ctime) = (7, 8, 9)
    other.blockSize = 512
    other.flags = .submount
    other.device = 77
    #expect(ReplyComparison.attributes(file, other, isRaced: false).isEmpty)
    var directory = Attr(size: 4096, mode: 0o040755, linkCount: 3)
    let another = Attr(size: 60, mode: 0o040755, linkCount: 1)
    #expect(ReplyComparison.attributes(directory, another, isRaced: false).isEmpty)
    directory.linkCount = 1
    #expect(ReplyComparison.attributes(directory, another, isRaced: false).isEmpty)
  }

  @Test(arguments: ["mode", "uid", "gid", "size", "nlink", "type"])
  func whatMustAgreeIsADifference(field: String) {
    var other = file
    switch field {
    case "mode": other.mode = 0o100600
    case "uid": other.uid = 9
    case "gid": other.gid = 9
    case "size": other.size = 9
    case "nlink": other.linkCount = 9
    case _: other.mode = 0o120777
    }
    #expect(ReplyComparison.attributes(file, other, isRaced: false).map(\.field) == [field])
    let raced = ReplyComparison.attributes(file, other, isRaced: true).map(\.field)
    #expect(raced == (field == "type" ? ["type"] : []))
  }

  @Test func entriesOfADirectoryAreReadWithinTheirBounds() {
    var bytes: [UInt8] = []
    bytes.append(wire: Dirent(ino: 1, offset: 5, nameByteCount: 3, type: 8))
    bytes += Array("abc".utf8) + [0, 0, 0, 0, 0]
    let records = DirectoryRecord.all(in: bytes, from: 0, isPlus: false)
    #expect(records?.map(\.name) == [Array("abc".utf8)])
    #expect(records?.first?.offset == 5)
    for count in 1..<bytes.count where count != 27 {
      let cut = DirectoryRecord.all(in: Array(bytes[..<count]), from: 0, isPlus: false)
      #expect(cut == nil || count > 27, "\(count)")
    }
    bytes.setWire(UInt32.max, at: 16)
    #expect(DirectoryRecord.all(in: bytes, from: 0, isPlus: false) == nil)
  }
}
