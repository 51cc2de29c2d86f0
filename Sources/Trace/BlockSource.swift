internal import Linux

/// The bytes of a capture, read part by part: never more in memory than one block needs.
struct BlockSource: ~Copyable {
  /// Nil for bytes that are all here; open as long as `owner` lives.
  private let file: Descriptor?
  private let owner: OwnedDescriptor?
  private var buffer: [UInt8]
  /// What has been read and not been dropped.
  private var start = 0
  private var end: Int
  /// Where in the file `start` is.
  private(set) var offset: UInt64 = 0

  private static let partByteCount = 256 << 10

  init(_ file: consuming OwnedDescriptor) {
    self.file = file.borrowed
    owner = consume file
    buffer = [UInt8](repeating: 0, count: Self.partByteCount)
    end = 0
  }

  init(_ bytes: [UInt8]) {
    file = nil
    owner = nil
    buffer = bytes
    end = bytes.count
  }

  /// How many bytes can be looked at without reading.
  var count: Int { end - start }

  /// Reads until there are `count` bytes to look at.
  ///
  /// - Returns: False if the file ends before that.
  mutating func fill(_ count: Int) throws(Errno) -> Bool {
    guard self.count < count else { return true }
    guard let file else { return false }
    if start > 0 {
      buffer.replaceSubrange(0..<self.count, with: buffer[start..<end])
      end -= start
      start = 0
    }
    if buffer.count < count {
      buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
    while end < count {
      let got = try file.read(into: &buffer, from: end)
      guard got > 0 else { return false }
      end += got
    }
    return true
  }

  /// Goes on behind the next `count` bytes, which have been looked at.
  mutating func drop(_ count: Int) {
    precondition(count <= self.count, "dropping what has not been read")
    start += count
    offset += UInt64(count)
  }

  /// Goes on behind the next `count` bytes, however many.
  ///
  /// - Returns: False if the file ends before that.
  mutating func skip(_ count: UInt64) throws(Errno) -> Bool {
    var rest = count
    while rest > 0 {
      guard try fill(1) else { return false }
      let part = min(rest, UInt64(self.count))
      drop(Int(part))
      rest -= part
    }
    return true
  }

  /// The bytes that can be looked at.
  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      buffer.rawBytes.extracting(start..<end)
    }
  }
}
