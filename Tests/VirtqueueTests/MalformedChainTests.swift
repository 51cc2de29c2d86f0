import Frontend
import Linux
import Testing
import Virtqueue

/// What a driver must not do is refused, and never looks like something shorter.
@Suite struct MalformedChainTests {
  /// Descriptors of the ring's table, from index 0 on, and what taking the chain at 0 throws.
  struct Malformed: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let descriptors: [RingDescriptor]
    let error: ChainError
  }

  private static let base: UInt64 = 1 << 20
  private static func at(_ index: UInt64, _ count: UInt32, _ flags: UInt16, next: UInt16 = 0)
    -> RingDescriptor
  {
    RingDescriptor(
      address: base + (2 << 20) + index * 64, byteCount: count, flags: flags, next: next)
  }

  static let cases = [
    Malformed(
      testDescription: "a loop", descriptors: [at(0, 1, 1, next: 1), at(1, 1, 1, next: 0)],
      error: .tooLong),
    Malformed(
      testDescription: "a loop of one", descriptors: [at(0, 1, 1, next: 0)], error: .tooLong),
    Malformed(
      testDescription: "past the table", descriptors: [at(0, 1, 1, next: 8)],
      error: .indexOutOfRange(8)),
    Malformed(
      testDescription: "readable after writable",
      descriptors: [at(0, 1, 3, next: 1), at(1, 1, 0)], error: .readableAfterWritable),
    Malformed(
      testDescription: "readable after an empty writable",
      descriptors: [at(0, 0, 3, next: 1), at(1, 1, 0)], error: .readableAfterWritable),
    Malformed(
      testDescription: "a table of no whole descriptors", descriptors: [at(0, 17, 4)],
      error: .indirectTableSize(17)),
    Malformed(
      testDescription: "an empty table", descriptors: [at(0, 0, 4)],
      error: .indirectTableSize(0)),
    Malformed(
      testDescription: "a table beyond any queue's size", descriptors: [at(0, 16 * 32769, 4)],
      error: .indirectTableSize(16 * 32769)),
    Malformed(
      testDescription: "indirect and next", descriptors: [at(0, 16, 5, next: 1), at(1, 1, 0)],
      error: .misplacedIndirect),
    Malformed(
      testDescription: "memory that is not there",
      descriptors: [RingDescriptor(address: 1, byteCount: 1)], error: .unmapped(address: 1)),
    Malformed(
      testDescription: "memory beyond the end",
      descriptors: [RingDescriptor(address: base + (4 << 20) - 1, byteCount: 2)],
      error: .unmapped(address: base + (4 << 20))),
    Malformed(
      testDescription: "an address that wraps",
      descriptors: [RingDescriptor(address: .max, byteCount: .max)],
      error: .unmapped(address: .max)),
    Malformed(
      testDescription: "a table that is not there",
      descriptors: [RingDescriptor(address: 1, byteCount: 16, flags: 4)],
      error: .unmapped(address: 1)),
  ]

  @Test(arguments: cases)
  func refuses(_ malformed: Malformed) throws {
    let rings = try Rings()
    for (index, descriptor) in malformed.descriptors.enumerated() {
      rings.driver.memory[UInt16(index)] = descriptor
    }
    rings.offer(0)
    #expect(throws: malformed.error) { try Taken(from: rings.queue) }
    #expect(rings.queue.inFlight == 0)
  }

  @Test func refusesAHeadBeyondTheTable() throws {
    let rings = try Rings()
    rings.offer(8)
    #expect(throws: ChainError.indexOutOfRange(8)) { try Taken(from: rings.queue) }
  }

  @Test func refusesAnIndexThatRanAhead() throws {
    let rings = try Rings()
    rings.driver.memory.availableIndex = 9
    #expect(throws: ChainError.availableIndex(9)) { try Taken(from: rings.queue) }
  }

  @Test func refusesMoreChainsThanDescriptors() throws {
    let rings = try Rings()
    rings.driver.memory[0] = Self.at(0, 1, 0)
    for _ in 0..<8 {
      rings.offer(0)
      #expect(try Taken(from: rings.queue) != nil)
    }
    rings.offer(0)
    #expect(throws: ChainError.tooManyInFlight) { try Taken(from: rings.queue) }
  }

  @Test func refusesIndirectDescriptorsThatWereNotAgreedOn() throws {
    let rings = try Rings(features: [])
    rings.driver.memory[0] = Self.at(0, 16, 4)
    rings.offer(0)
    #expect(throws: ChainError.misplacedIndirect) { try Taken(from: rings.queue) }
  }

  @Test func refusesATableInATable() throws {
    let rings = try Rings()
    let table = try rings.arena.allocate(16)
    rings.ram.main.store(
      RingDescriptor(address: Self.base, byteCount: 16, flags: 4), at: table.address)
    rings.driver.memory[0] = RingDescriptor(
      address: table.address.rawValue, byteCount: 16, flags: 4)
    rings.offer(0)
    #expect(throws: ChainError.misplacedIndirect) { try Taken(from: rings.queue) }
  }

  /// A table may lie at any address.
  @Test(arguments: 0..<16)
  func takesATableAtAnyAddress(_ shift: Int) throws {
    let rings = try Rings()
    let table = try rings.arena.allocate(64).part(from: shift)
    rings.ram.main.store(
      RingDescriptor(address: Self.base, byteCount: 5, flags: 1, next: 1), at: table.address)
    rings.ram.main.store(
      RingDescriptor(address: Self.base, byteCount: 6, flags: 2), at: table.address + 16)
    rings.driver.memory[0] = RingDescriptor(
      address: table.address.rawValue, byteCount: 32, flags: 4)
    rings.offer(0)
    #expect(try Taken(from: rings.queue) == Taken(readable: 5, writable: 6))
  }

  // MARK: All small tables

  /// What the specification says of the chain that begins at 0, written the other way round: by
  /// listing the whole chain first and judging the list.
  private func verdict(on table: [RingDescriptor]) -> Taken? {
    var path: [RingDescriptor] = []
    var index = 0
    while true {
      guard index < table.count, path.count < table.count else { return nil }
      path.append(table[index])
      guard table[index].flags & 1 != 0 else { break }
      index = Int(table[index].next)
    }
    // There is no table behind an indirect descriptor here, so it is always wrong.
    guard path.allSatisfy({ $0.flags & 4 == 0 }) else { return nil }
    let firstWritable = path.firstIndex { $0.flags & 2 != 0 } ?? path.count
    guard path[firstWritable...].allSatisfy({ $0.flags & 2 != 0 }) else { return nil }
    let lengths = path.map { Int($0.byteCount) }
    return Taken(
      readable: lengths[..<firstWritable].reduce(0, +),
      writable: lengths[firstWritable...].reduce(0, +))
  }

  /// Every table of two descriptors: all flags, all successors, one beyond the table included.
  @Test func judgesEverySmallTableAsTheSpecificationDoes() throws {
    var accepted = 0
    for code in 0..<(24 * 24) {
      let table = [code % 24, code / 24].enumerated().map { position, choice in
        Self.at(
          UInt64(position), UInt32(position + 1), UInt16(choice % 8), next: UInt16(choice / 8))
      }
      let rings = try Rings(size: 2, features: [])
      for (index, descriptor) in table.enumerated() {
        rings.driver.memory[UInt16(index)] = descriptor
      }
      rings.offer(0)
      let expected = verdict(on: table)
      if let expected {
        #expect(try Taken(from: rings.queue) == expected, "\(table)")
        accepted += 1
      } else {
        #expect(throws: ChainError.self, "\(table)") { try Taken(from: rings.queue) }
      }
    }
    #expect(accepted > 20)
  }
}
