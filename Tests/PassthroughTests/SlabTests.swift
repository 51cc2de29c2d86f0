import Linux
import Synchronization
import TestSupport
import Testing

@testable import Passthrough

@Suite struct SlabTests {
  /// Against a set of the places that are in use.
  @Test(arguments: [1, 100, 5000]) func noPlaceIsHandedOutTwice(maximumCount: Int) throws {
    let slab = Slab<NodeSlot>(maximumCount: maximumCount)
    var random = SeededRandom()
    var used: Set<UInt32> = []
    for round in 0..<20 {
      // More and more, then fewer and fewer.
      for _ in 0..<1000 {
        if used.count == maximumCount {
          #expect(throws: Errno.tableFull) { try slab.take() }
        } else if random.oneIn(4) == (round % 2 == 0), let index = used.randomElement() {
          used.remove(index)
          _ = slab.give(index)
          continue
        }
        guard used.count < maximumCount else { continue }
        let index = try slab.take()
        #expect(index > 0)
        let isHeld = slab.holds(index)
        #expect(isHeld)
        #expect(used.insert(index).inserted, "seed \(random.seed)")
      }
      var seen: Set<UInt32> = []
      slab.forEachPlace { seen.insert($0) }
      #expect(used.isSubset(of: seen))
    }
  }

  /// A place whose memory went back to the system goes on where it was: a name never comes again.
  @Test func generationsOutliveTheMemory() throws {
    let slab = Slab<NodeSlot>(maximumCount: 10000)
    var latest: [UInt32: UInt32] = [:]
    for round in 0..<4 {
      let indices = try (0..<5000).map { _ in try slab.take() }
      for index in indices {
        let tag = Tag.next(slab[index].tag.load(ordering: .relaxed))
        #expect(Tag.generation(tag) > latest[index] ?? 0, "round \(round)")
        latest[index] = Tag.generation(tag)
        slab[index].tag.store(Tag.free(Tag.generation(tag)), ordering: .relaxed)
      }
      for index in indices { _ = slab.give(index) }
      // Some chunk is without memory now: what a guest names there is nothing.
      let tags = indices.map { slab[$0].tag.load(ordering: .relaxed) }
      #expect(tags.count { $0 == 0 } > 2000)
      #expect(tags.allSatisfy { !Tag.isLive($0) })
    }
  }

  @Test func aNumberNamesOnePlaceOnly() {
    let tag = Tag.next(Tag.free(7))
    #expect(Tag.name(tag, 5) == 8 << 32 | 5)
    #expect(Tag.isLive(tag, 8 << 32 | 5))
    for other: UInt64 in [7 << 32 | 5, 9 << 32 | 5, (8 | 1 << 31) << 32 | 5, 5] {
      #expect(!Tag.isLive(tag, other))
      #expect(!Tag.isLive(Tag.free(8), other))
      #expect(!Tag.isLive(0, other))
    }
    #expect(!Tag.isLive(Tag.free(8), 8 << 32 | 5))
  }
}
