internal import Linux

/// Words, all zero at first, whose memory goes back to the system with them.
@safe
struct WordTable: ~Copyable, @unchecked Sendable {
  // SAFETY: for `@unchecked Sendable`: nothing else refers to the memory.
  private let words: UnsafeMutablePointer<UInt64>?
  /// What holds the words, if it is not the heap.
  private let pages: AnonymousMemory?
  /// How many there are.
  let count: Int

  /// How many words a page has.
  static let pageWordCount = 512

  /// A table of `count` words; none need no memory.
  init(count: Int) {
    self.count = count
    // Without pages the heap decides whether there is memory left.
    pages = count >= Self.pageWordCount ? try? AnonymousMemory(byteCount: count * 8) : nil
    if count == 0 {
      unsafe words = nil
    } else if let pages {
      // SAFETY: pages are aligned for words, have room for as many, and are zero.
      unsafe words = pages.base.bindMemory(to: UInt64.self, capacity: count)
    } else {
      // SAFETY: the capacity is the count of what is initialised.
      let allocated = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
      unsafe allocated.initialize(repeating: 0, count: count)
      unsafe words = allocated
    }
  }

  deinit {
    // SAFETY: allocated by `init` unless it is the pages', which go with their owner.
    if pages == nil { unsafe words?.deallocate() }
  }

  subscript(position: Int) -> UInt64 {
    @inline(__always) get {
      precondition(position >= 0 && position < count)
      // SAFETY: just checked, so there are words.
      return unsafe words.unsafelyUnwrapped[position]
    }
    @inline(__always) set {
      precondition(position >= 0 && position < count)
      // SAFETY: just checked, so there are words.
      unsafe words.unsafelyUnwrapped[position] = newValue
    }
  }
}
