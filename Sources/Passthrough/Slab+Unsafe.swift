internal import Linux
internal import Synchronization

/// What a slab holds: made once for each place, and used again for one thing after another.
///
/// Everything in it that changes is atomic, so that a borrowed element may be read by any thread.
protocol SlabElement: ~Copyable, Sendable {
  init()
}

/// Elements that are found by number, and that never move while the slab lives.
///
/// Reading an element takes no lock and no reference count: it lies in a chunk that stays where it
/// is, and the chunk's address in a directory that is allocated whole. Numbers begin at 1: 0 is
/// free to mean nothing. The slab hands out places and takes them back; who may still be reading a
/// place that is given back is the caller's care (`Limbo`).
@safe
struct Slab<Element: SlabElement & ~Copyable>: ~Copyable, @unchecked Sendable {
  // SAFETY: for `@unchecked Sendable`: the directory's words are atomic, a chunk is initialised
  // before its address is published and freed only in `deinit`, and elements are Sendable.
  private let directory: UnsafeMutablePointer<Atomic<UInt>>
  private let directoryCount: Int
  private let maximumCount: Int
  /// Guards the places that are free, and growth.
  private let places = Mutex(Places())

  private struct Places {
    /// Those that were used and given back; the last is used first.
    var free: [UInt32] = []
    /// The first number never used.
    var end: UInt32 = 1
  }

  private static var chunkShift: UInt32 { 10 }
  private static var chunkCount: Int { 1 << Int(chunkShift) }

  /// A slab for up to `maximumCount` elements at a time, at least one.
  init(maximumCount: Int) {
    self.maximumCount = min(max(maximumCount, 1), Int(UInt32.max) - 1)
    directoryCount = self.maximumCount / Self.chunkCount + 1
    // SAFETY: the capacity is the count of what is initialised.
    unsafe directory = .allocate(capacity: directoryCount)
    for index in 0..<directoryCount {
      // SAFETY: below the capacity.
      unsafe (directory + index).initialize(to: Atomic(0))
    }
  }

  deinit {
    for index in 0..<directoryCount {
      // SAFETY: nobody else refers to the slab; a chunk was allocated with `chunkCount` elements.
      let address = unsafe directory[index].load(ordering: .acquiring)
      guard let chunk = unsafe UnsafeMutablePointer<Element>(bitPattern: address) else { continue }
      unsafe chunk.deinitialize(count: Self.chunkCount)
      unsafe chunk.deallocate()
    }
    // SAFETY: all were initialised.
    unsafe directory.deinitialize(count: directoryCount)
    unsafe directory.deallocate()
  }

  /// Whether `index` is a place that was handed out at some time: what a guest sends is asked here.
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
      return unsafe chunk + (Int(index) & (Self.chunkCount - 1))
    }
  }

  /// One more than the highest number handed out so far.
  var end: UInt32 {
    places.withLock { $0.end }
  }

  /// A place that nobody uses.
  ///
  /// - Throws: `ENFILE` if all are in use.
  func take() throws(Errno) -> UInt32 {
    let index: UInt32? = places.withLock { places in
      if let index = places.free.popLast() { return index }
      guard Int(places.end) <= maximumCount else { return nil }
      let index = places.end
      prepareChunk(for: index)
      places.end += 1
      return index
    }
    guard let index else { throw .tableFull }
    return index
  }

  /// Gives back a place that `take` handed out and that nobody reads any more.
  func give(_ index: UInt32) {
    places.withLock { $0.free.append(index) }
  }

  /// Makes the chunk of `index` if there is none; under the lock.
  private func prepareChunk(for index: UInt32) {
    let number = Int(index >> Self.chunkShift)
    // SAFETY: `index` is at most `maximumCount`, so `number` is below `directoryCount`.
    guard unsafe directory[number].load(ordering: .relaxed) == 0 else { return }
    let chunk = UnsafeMutablePointer<Element>.allocate(capacity: Self.chunkCount)
    for offset in 0..<Self.chunkCount {
      // SAFETY: below the capacity.
      unsafe (chunk + offset).initialize(to: Element())
    }
    let address = UInt(bitPattern: chunk)
    // The release makes the elements visible to whoever acquires the address.
    // SAFETY: as above.
    unsafe directory[number].store(address, ordering: .releasing)
  }
}
