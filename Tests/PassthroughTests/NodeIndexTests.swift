import FuseProtocol
import Synchronization
import TestSupport
import Testing

@testable import Passthrough

@Suite struct NodeIndexTests {
  /// Few different hashes, so that chains run into each other and round the end.
  @Test(arguments: [1, 3, 17, 1000] as [UInt32])
  func findsWhatWasPutInAndNothingElse(hashCount: UInt32) {
    var random = SeededRandom()
    var index = NodeIndex()
    var model: [UInt32: UInt32] = [:]
    for _ in 0..<20000 {
      let place = UInt32.random(in: 1...400, using: &random)
      let hash = model[place] ?? (random.oneIn(2) ? .max - place % hashCount : place % hashCount)
      if model[place] == nil {
        index.insert(hash, place)
        model[place] = hash
      } else {
        // Only the very entry goes, not another with the same hash.
        index.remove(hash &+ 1, place)
        index.remove(hash, place + 1000)
        #expect(index.find(hash) { $0 == place } == place, "seed \(random.seed)")
        index.remove(hash, place)
        model[place] = nil
      }
      #expect(index.count == model.count)
      let asked = UInt32.random(in: 1...400, using: &random)
      for hash in [model[asked] ?? asked % hashCount, .max - asked % hashCount] {
        let found = index.find(hash) { $0 == asked }
        #expect(found == (model[asked] == hash ? asked : nil), "seed \(random.seed)")
      }
    }
    for (place, hash) in model { index.remove(hash, place) }
    #expect(index.count == 0)
    #expect(index.find(0) { _ in true } == nil)
  }

  @Test func aSlotIsSmall() {
    #expect(MemoryLayout<NodeSlot>.stride == 64)
  }

  /// Emptied, a table is as small as one that never was full.
  @Test func theIndexIsAlmostFullAndGivesBackWhatItNeedsNoMore() {
    var random = SeededRandom()
    var index = NodeIndex()
    let hashes = (1...40000).map { _ in UInt32.random(in: 0 ... .max, using: &random) }
    for (place, hash) in hashes.enumerated() {
      index.insert(hash, UInt32(place + 1))
      if place > 1000 { #expect(index.capacity * 2 < (place + 1) * 3 + 1024) }
    }
    for (place, hash) in hashes.enumerated() {
      index.remove(hash, UInt32(place + 1))
      #expect(index.capacity <= max(8, index.count * 3 + 1024))
    }
    #expect(index.capacity == 0)
  }

  /// Inode numbers that follow each other must not crowd the shards or the tables.
  @Test func hashesSpread() {
    let hasher = IdentityHasher()
    var shards = [Int](repeating: 0, count: 16)
    var positions: Set<UInt32> = []
    for inode in 0..<64000 {
      let hash = hasher.hash(Identity(inode: UInt64(inode), device: 1 << 8, mount: 1))
      shards[Int(hash >> 60)] += 1
      positions.insert(UInt32(truncatingIfNeeded: hash))
    }
    #expect(shards.allSatisfy { $0 > 3600 && $0 < 4400 })
    #expect(positions.count > 63900)
  }

  @Test func aPlaceWhoseGenerationsAreUsedUpIsNotUsedAgain() throws {
    let files = OpenFileStore(descriptors: DescriptorBudget(limit: 10), maximumCount: 10)
    let handle = try files.add(try openDirectory("/"), node: .root, flags: [])
    let index = try #require(files.place(of: handle))
    // As after two thousand million uses.
    let tag = Tag.free(Tag.lastGeneration) | Tag.live
    files.slots[index].tag.store(tag, ordering: .relaxed)
    let last = Tag.name(tag, index)
    #expect(files.place(of: last) == index)
    #expect(files.unpublish(index, last))
    files.reclaim(index)
    let next = try files.add(try openDirectory("/"), node: .root, flags: [])
    #expect(UInt32(truncatingIfNeeded: next) != index)
    #expect(files.place(of: last) == nil)
  }
}
