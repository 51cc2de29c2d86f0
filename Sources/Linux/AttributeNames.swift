internal import CLinux

/// A cursor over the names of extended attributes, as `listxattr` gives them.
package struct AttributeNames: ~Escapable {
  private var bytes: RawSpan

  @_lifetime(copy bytes)
  fileprivate init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  /// The next name with its NUL, or `nil` after the last.
  @_lifetime(copy self)
  package mutating func next() -> RawSpan? {
    // SAFETY: memchr is bounded by the buffer, and only the difference of pointers leaves.
    let byteCount = unsafe bytes.withUnsafeBytes { buffer -> Int in
      guard let start = buffer.baseAddress, let end = unsafe memchr(start, 0, buffer.count) else {
        return 0
      }
      return unsafe end - UnsafeMutableRawPointer(mutating: start) + 1
    }
    guard byteCount > 0 else { return nil }
    let name = bytes.extracting(first: byteCount)
    bytes = bytes.extracting(droppingFirst: byteCount)
    return name
  }
}

/// Memory that the names of a file's extended attributes are read into, again and again.
package struct AttributeNameBuffer: ~Copyable {
  private var memory: ScratchMemory

  /// Room for the longest list that the kernel gives (`XATTR_LIST_MAX`).
  package init() {
    memory = ScratchMemory(capacity: 65536)
  }

  /// Reads the names of all attributes of `file`.
  package mutating func fill(
    from links: borrowing DescriptorLinks, _ file: Descriptor
  ) throws(Errno) {
    try memory.fill { (output) throws(Errno) in
      try links.listAttributes(of: file, into: &output)
    }
  }

  /// The names of the last `fill`.
  package var names: AttributeNames {
    @_lifetime(borrow self)
    get { AttributeNames(memory.bytes) }
  }
}

extension RawSpan {
  /// Whether these bytes begin with those of `text`.
  package func starts(with text: StaticString) -> Bool {
    let byteCount = text.utf8CodeUnitCount
    guard byteCount <= self.byteCount else { return false }
    // SAFETY: both sides have at least `byteCount` bytes.
    return unsafe withUnsafeBytes { bytes in
      unsafe bytes.baseAddress.map { unsafe memcmp($0, text.utf8Start, byteCount) == 0 } ?? true
    }
  }
}
