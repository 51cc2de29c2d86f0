internal import Linux
internal import Synchronization

/// Where handles lie that are too long for their nodes' slots.
typealias HandleBlocks = Slab<HandleBlock>

// The node's handle: in its slot, or where that leads.
extension NodeSlot {
  /// What fits a slot.
  private static let shortByteCount = 20

  /// The node's handle, if it has one.
  func handle(_ blocks: borrowing HandleBlocks) -> FileHandle? {
    let byteCount = Int(handleByteCount.load(ordering: .acquiring))
    guard byteCount > 0 else { return nil }
    var words = [16 of UInt64](repeating: 0)
    for number in 0..<(byteCount + 7) / 8 { words[number] = word(number, byteCount, blocks) }
    let type = Int32(handleType.load(ordering: .relaxed))
    return FileHandle(type: type, byteCount: byteCount, words: words)
  }

  /// Whether the node has this handle.
  func has(_ handle: FileHandle, _ blocks: borrowing HandleBlocks) -> Bool {
    let byteCount = Int(handleByteCount.load(ordering: .acquiring))
    guard byteCount == handle.byteCount, Int32(handleType.load(ordering: .relaxed)) == handle.type
    else { return false }
    for number in 0..<handle.wordCount
    where word(number, byteCount, blocks) != handle.words[number] {
      return false
    }
    return true
  }

  /// Eight of the handle's bytes.
  private func word(
    _ number: Int, _ byteCount: Int, _ blocks: borrowing HandleBlocks
  ) -> UInt64 {
    guard byteCount > Self.shortByteCount else {
      let low = UInt64(handleWords[number * 2].load(ordering: .relaxed))
      guard number < 2 else { return low }
      return low | UInt64(handleWords[number * 2 + 1].load(ordering: .relaxed)) << 32
    }
    let block = handleWords[number / 4].load(ordering: .relaxed)
    return blocks[block].words[number % 4].load(ordering: .relaxed)
  }

  /// Gives a node without a handle one; under the locks, or before it is a node.
  ///
  /// - Throws: `ENFILE` or `ENOMEM` if a long one finds no room.
  func setHandle(_ handle: FileHandle, _ blocks: borrowing HandleBlocks) throws(Errno) {
    guard let type = UInt8(exactly: handle.type), handle.byteCount > 0 else {
      throw .invalidArgument
    }
    if handle.byteCount <= Self.shortByteCount {
      for number in 0..<5 {
        let word = handle.words[number / 2] >> (number % 2 == 0 ? 0 : 32)
        handleWords[number].store(UInt32(truncatingIfNeeded: word), ordering: .relaxed)
      }
    } else {
      try takeBlocks((handle.wordCount + 3) / 4, from: blocks)
      for number in 0..<handle.wordCount {
        let block = handleWords[number / 4].load(ordering: .relaxed)
        blocks[block].words[number % 4].store(handle.words[number], ordering: .relaxed)
      }
    }
    handleType.store(type, ordering: .relaxed)
    handleByteCount.store(UInt8(handle.byteCount), ordering: .releasing)
  }

  private func takeBlocks(_ count: Int, from blocks: borrowing HandleBlocks) throws(Errno) {
    for number in 0..<count {
      do throws(Errno) {
        handleWords[number].store(try blocks.take(), ordering: .relaxed)
      } catch {
        giveBlocks(number, to: blocks)
        throw error
      }
    }
  }

  private func giveBlocks(_ count: Int, to blocks: borrowing HandleBlocks) {
    for number in 0..<count { _ = blocks.give(handleWords[number].load(ordering: .relaxed)) }
  }

  /// Takes the handle from a node that nobody reads any more.
  func dropHandle(_ blocks: borrowing HandleBlocks) {
    let byteCount = Int(handleByteCount.load(ordering: .relaxed))
    if byteCount > Self.shortByteCount { giveBlocks((byteCount + 31) / 32, to: blocks) }
    handleByteCount.store(0, ordering: .relaxed)
  }
}

/// 32 bytes of a handle that is too long for its node's slot: overlayfs makes such, which need one;
/// the longest need four.
struct HandleBlock: ~Copyable, SlabElement {
  let words: [4 of Atomic<UInt64>] = [4 of Atomic<UInt64>] { _ in Atomic(0) }

  init(generation: UInt32) {}

  var generation: UInt32 { 0 }

  var following: UInt32 {
    get { UInt32(truncatingIfNeeded: words[0].load(ordering: .relaxed)) }
    nonmutating set { words[0].store(UInt64(newValue), ordering: .relaxed) }
  }
}
