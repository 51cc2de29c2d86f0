internal import FuseProtocol

extension MutableSpan<UInt8> {
  /// The bytes, to be changed.
  var mutableWords: MutableRawSpan {
    @_lifetime(&self)
    mutating get {
      // SAFETY: every byte is a valid UInt8.
      unsafe mutableBytes
    }
  }
}

extension RawSpan {
  /// The eight bytes at `offset`; 0 outside.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    guard offset >= 0, offset <= byteCount - 8 else { return 0 }
    // SAFETY: the guard bounds the load.
    return unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}

/// A byte for each of a fixed number of things, set by one thread and more, each its own or the
/// same value: an array of a class would be checked for uniqueness at each access.
@safe
final class MarkTable {
  /// How many there are.
  let count: Int
  // SAFETY, for all below: allocated for `count` bytes, freed by `deinit`; indices are checked.
  private let marks: UnsafeMutablePointer<UInt8>

  init(count: Int) {
    self.count = count
    unsafe marks = .allocate(capacity: count)
    unsafe marks.initialize(repeating: 0, count: count)
  }

  deinit {
    unsafe marks.deallocate()
  }

  @inline(__always)
  func set(_ index: Int) {
    precondition(index >= 0 && index < count)
    unsafe marks[index] = 1
  }

  func isSet(_ index: Int) -> Bool {
    precondition(index >= 0 && index < count)
    return unsafe marks[index] != 0
  }

  func clear() {
    unsafe marks.update(repeating: 0, count: count)
  }
}
