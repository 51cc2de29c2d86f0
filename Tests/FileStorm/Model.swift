import Glibc

/// What a file must contain, and what was done to it of late.
final class ModelFile {
  /// Its path; nil once it was unlinked.
  var path: String?
  /// What it is called in messages.
  let label: String
  /// Its bytes.
  private(set) var contents: [UInt8] = []
  /// The last operations on it, oldest first.
  private(set) var history: [String] = []

  /// An empty file.
  init(label: String, path: String) {
    self.label = label
    self.path = path
  }

  /// Its length in bytes.
  var count: Int { contents.count }

  /// Notes an operation.
  func note(_ text: String) {
    history.append(text)
    if history.count > 24 { history.removeFirst() }
  }

  /// Makes it that long, with zeroes at the end if it grows.
  func resize(to count: Int) {
    if count < contents.count {
      contents.removeLast(contents.count - count)
    } else {
      contents.append(contentsOf: repeatElement(0, count: count - contents.count))
    }
  }

  /// Puts bytes at `offset`; what lies between the end and there is zero.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    guard unsafe !bytes.isEmpty else { return }
    if contents.count < offset + bytes.count {
      resize(to: offset + bytes.count)
    }
    unsafe contents.withUnsafeMutableBytes { target in
      let place = unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset...])
      unsafe place.copyMemory(from: bytes)
    }
  }

  /// Zeroes what there is of a range.
  func zero(_ offset: Int, _ count: Int) {
    let end = min(offset + count, contents.count)
    guard offset < end else { return }
    unsafe contents.withUnsafeMutableBytes { target in
      let place = unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<end])
      _ = unsafe place.initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  /// A copy of a range that is there.
  func slice(_ offset: Int, _ count: Int) -> [UInt8] {
    Array(contents[offset..<offset + count])
  }

  /// Throws if `bytes` are not what is at `offset`.
  func compare(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, _ call: String
  ) throws(Finding) {
    guard unsafe !bytes.isEmpty else { return }
    guard offset + bytes.count <= contents.count else {
      throw Finding(text: "\(call): gave more than the file has")
    }
    let isSame = unsafe contents.withUnsafeBytes { all in
      let place = unsafe UnsafeRawBufferPointer(rebasing: all[offset...])
      guard let one = place.baseAddress, let other = bytes.baseAddress else {
        return true
      }
      return unsafe memcmp(one, other, bytes.count) == 0
    }
    guard !isSame else { return }
    let wrong = (0..<bytes.count).filter { unsafe bytes[$0] != contents[offset + $0] }
    let (first, last) = (wrong[0], wrong[wrong.count - 1])
    throw Finding(
      text: "\(call): \(wrong.count) bytes are wrong, from \(offset + first) to \(offset + last): "
        + "the first is \(unsafe bytes[first]), and must be \(contents[offset + first])")
  }

  /// Throws if a range that the file system calls a hole is not all zero.
  func expectHole(_ start: Int, _ end: Int) throws(Finding) {
    guard start < end else { return }
    if let place = contents[start..<min(end, count)].firstIndex(where: { $0 != 0 }) {
      throw Finding(text: "SEEK_HOLE: \(start)..<\(end) is no hole, there is data at \(place)")
    }
  }
}

/// An open file.
final class Handle {
  /// The descriptor.
  let descriptor: Int32
  /// What it must contain.
  let file: ModelFile
  /// How it was opened.
  let flags: Int32
  /// What it is called in messages.
  let label: String

  /// Takes over an open descriptor.
  init(_ descriptor: Int32, _ file: ModelFile, flags: Int32, label: String) {
    self.descriptor = descriptor
    self.file = file
    self.flags = flags
    self.label = label
  }

  deinit {
    close(descriptor)
  }

  var canRead: Bool { flags & O_ACCMODE != O_WRONLY }
  var canWrite: Bool { flags & O_ACCMODE != O_RDONLY }
  var isDirect: Bool { flags & Number.direct != 0 }
  var appends: Bool { flags & O_APPEND != 0 }
}
