internal import Linux
internal import Synchronization

/// What a slab holds: made for a place, and used again for one thing after another.
///
/// Everything in it that changes is atomic, so that a borrowed element may be read by any thread.
/// Memory that is all zero is an element that is nothing.
protocol SlabElement: ~Copyable, Sendable {
  /// A place that was used so often before.
  init(generation: UInt32)
  /// How often the place was used; 0 if that does not matter.
  var generation: UInt32 { get }
  /// While the place is free, or waits to be: the next such place, 0 for none.
  var following: UInt32 { get nonmutating set }
}

/// Elements that are found by number, and that never move while the slab lives.
///
/// Reading an element takes no lock and no reference count: it lies in a chunk whose address stays,
/// and that in a directory that is there as a whole. Numbers begin at 1: 0 is free to mean nothing.
/// The slab hands out places and takes them back; who may still be reading a place that is given
/// back is the caller's care (`Limbo`).
///
/// The memory of a chunk whose places are all free goes back to the system, except for one that is
/// kept for the next that come. Who reads there nevertheless, for a guest may name any place, reads
/// zeros.
@safe
struct Slab<Element: SlabElement & ~Copyable>: ~Copyable, @unchecked Sendable {
  // SAFETY: for `@unchecked Sendable`: the directory's words are atomic, a chunk's address stays
  // until `deinit` once it is published, and elements are Sendable.
  private let directory: UnsafeMutablePointer<Atomic<UInt>>
  private let directoryMemory: AnonymousMemory
  private let directoryCount: Int
  private let maximumCount: Int
  private let state = Lock(SlabState())

  private static var chunkShift: UInt32 { 10 }
  private static var chunkCount: UInt32 { 1 << chunkShift }

  /// A slab for up to `maximumCount` elements at a time, at least one.
  init(maximumCount: Int) {
    self.maximumCount = min(max(maximumCount, 1), Int(UInt32.max) - 1)
    directoryCount = self.maximumCount / Int(Self.chunkCount) + 1
    do throws(Errno) {
      directoryMemory = try AnonymousMemory(byteCount: directoryCount * 8)
    } catch {
      // As with the heap's: who has no address for an empty table when it starts cannot go on.
      preconditionFailure("no memory for a table: \(error)")
    }
    // SAFETY: an atomic word is a word, of which there are as many; zero is its first value.
    unsafe directory = directoryMemory.base.bindMemory(
      to: Atomic<UInt>.self, capacity: directoryCount)
  }

  // Elements hold nothing but numbers: they go with their memory.

  /// Whether `index` is a place that was handed out at some time, or a neighbour of one: what a
  /// guest sends is asked here.
  @inline(__always)
  func holds(_ index: UInt32) -> Bool {
    guard index > 0, Int(index >> Self.chunkShift) < directoryCount else { return false }
    // SAFETY: below `directoryCount`, just checked.
    return unsafe directory[Int(index >> Self.chunkShift)].load(ordering: .acquiring) != 0
  }

  /// The element at `index`, for which `holds` is true.
  @inline(__always)
  subscript(index: UInt32) -> Element {
    unsafeAddress {
      let number = Int(index >> Self.chunkShift)
      precondition(number < directoryCount, "no such place")
      // SAFETY: `number` was just checked, the offset is below `chunkCount`, and a chunk stays.
      let address = unsafe directory[number].load(ordering: .acquiring)
      guard let chunk = unsafe UnsafePointer<Element>(bitPattern: address) else {
        preconditionFailure("a place that was never handed out")
      }
      return unsafe chunk + Int(index & (Self.chunkCount - 1))
    }
  }

  /// Calls `body` with every place that may be in use, and with free ones that were.
  func forEachPlace(_ body: (UInt32) -> Void) {
    let counts = state.withLock { state in state.chunks.map(\.madeCount) }
    for (number, count) in counts.enumerated() {
      for offset in 0..<count where number > 0 || offset > 0 {
        body(UInt32(number) << Self.chunkShift | offset)
      }
    }
  }

  /// A place that nobody uses.
  ///
  /// - Throws: `ENFILE` if all are in use, `ENOMEM`.
  func take() throws(Errno) -> UInt32 {
    try state.withLock { (state) throws(Errno) in
      guard state.usedCount < maximumCount else { throw .tableFull }
      if state.roomy.isEmpty { try addChunk(&state) }
      guard let number = state.roomy.last else { throw .tableFull }
      if state.spare == number { state.spare = nil }
      if state.chunks[number].madeCount == 0 { state.countMemory() }
      let index = takePlace(in: &state.chunks[number], number)
      state.usedCount += 1
      if state.chunks[number].usedCount == Self.chunkCount { state.roomy.removeLast() }
      return index
    }
  }

  private func takePlace(in chunk: inout SlabChunk, _ number: Int) -> UInt32 {
    chunk.usedCount += 1
    if chunk.free != 0 {
      let index = chunk.free
      chunk.free = self[index].following
      return index
    }
    let index = UInt32(number) << Self.chunkShift | chunk.madeCount
    // SAFETY: a chunk with room that has no free place has places that were not made, this is the
    // first, and the memory has room for all.
    unsafe chunk.memory.base.assumingMemoryBound(to: Element.self)
      .advanced(by: Int(chunk.madeCount))
      .initialize(to: Element(generation: chunk.generation))
    chunk.madeCount += 1
    return index
  }

  /// Gives back a place that `take` handed out and that nobody reads any more.
  ///
  /// - Returns: Whether half of the memory has gone back to the system since this was true last.
  func give(_ index: UInt32) -> Bool {
    state.withLock { state in
      let number = Int(index >> Self.chunkShift)
      let generation = self[index].generation
      self[index].following = state.chunks[number].free
      state.chunks[number].free = index
      state.chunks[number].generation = max(state.chunks[number].generation, generation)
      state.usedCount -= 1
      state.chunks[number].usedCount -= 1
      if state.chunks[number].usedCount == Self.chunkCount - 1 { state.roomy.append(number) }
      if state.chunks[number].usedCount == 0 {
        if let spare = state.spare { state.discard(spare) }
        state.spare = number
      }
      // With so little in use the next that come fit the first chunk.
      if state.usedCount < Int(Self.chunkCount) / 2, let spare = state.spare.take() {
        state.discard(spare)
      }
      return state.hasShrunk()
    }
  }

  private func addChunk(_ state: inout SlabState) throws(Errno) {
    let number = state.chunks.count
    guard number < directoryCount else { throw .tableFull }
    let memory = try AnonymousMemory(
      byteCount: Int(Self.chunkCount) * MemoryLayout<Element>.stride)
    // SAFETY: the memory has room for so many, and pages are aligned for anything.
    let elements = unsafe memory.base.bindMemory(
      to: Element.self, capacity: Int(Self.chunkCount))
    // Place 0 is nobody's, and in use for good.
    let isFirst = number == 0
    state.chunks.append(
      SlabChunk(memory: memory, usedCount: isFirst ? 1 : 0, madeCount: isFirst ? 1 : 0))
    if isFirst { state.countMemory() }
    state.roomy.append(number)
    // SAFETY: `number` is below `directoryCount`.
    unsafe directory[number].store(UInt(bitPattern: elements), ordering: .releasing)
  }
}

/// Which places of a slab are free.
struct SlabState {
  var chunks: [SlabChunk] = []
  /// The chunks with free places; the last is used first.
  var roomy: [Int] = []
  /// The one whose places are all free and that has its memory.
  var spare: Int?
  var usedCount = 0
  /// How many chunks have memory, and how many had since `hasShrunk` was true, at most.
  private var memoryCount = 0
  private var greatestMemoryCount = 0

  /// One chunk more has memory.
  mutating func countMemory() {
    memoryCount += 1
    greatestMemoryCount = max(greatestMemoryCount, memoryCount)
  }

  /// Gives back the memory of a chunk without places in use.
  mutating func discard(_ number: Int) {
    chunks[number].memory.discard()
    chunks[number].free = 0
    chunks[number].madeCount = 0
    memoryCount -= 1
  }

  /// Whether no more than half of the chunks have memory that had it when this was true last.
  mutating func hasShrunk() -> Bool {
    guard memoryCount * 2 <= greatestMemoryCount else { return false }
    greatestMemoryCount = memoryCount
    return true
  }
}

/// Places that get their memory, and lose it, together.
struct SlabChunk {
  var memory: AnonymousMemory
  /// How many places are in use.
  var usedCount: UInt32 = 0
  /// How many were made since the chunk had no memory.
  var madeCount: UInt32 = 0
  /// The first of the places that were given back, 0 for none.
  var free: UInt32 = 0
  /// The greatest generation of a place that was given back.
  var generation: UInt32 = 0
}
