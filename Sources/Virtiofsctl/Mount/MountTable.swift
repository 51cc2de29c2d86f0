internal import Linux

/// The mounts of this process, in the order in which they were made.
struct MountTable {
  /// One mount.
  struct Entry: Equatable {
    /// The kernel's number for it, not used again while it exists.
    var id: UInt64
    /// Where it is.
    var path: String
    /// The type of its file system.
    var type: String
  }

  /// Each after those that it is mounted on.
  let entries: [Entry]

  /// The mounts as they are now.
  init() throws(Errno) {
    self.init(try FileSystemMounting.table())
  }

  /// The mounts that a file like `/proc/self/mountinfo` lists; lines that are none are left out.
  init(_ text: [UInt8]) {
    entries = text.split(separator: UInt8(ascii: "\n")).compactMap(Self.entry)
  }

  /// The mount at `path` that is seen: the last one.
  func top(at path: String) -> Entry? {
    entries.last { $0.path == path }
  }

  /// The mount with that number.
  func entry(withID id: UInt64) -> Entry? {
    entries.first { $0.id == id }
  }

  /// id, parent, device, root, path, options, optional fields, "-", type, source, options.
  private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
    let fields = line.split(separator: UInt8(ascii: " "))
    guard fields.count > 6, let id = UInt64(String(decoding: fields[0], as: UTF8.self)),
      let dash = fields[6...].firstIndex(where: { $0.elementsEqual([UInt8(ascii: "-")]) }),
      dash + 1 < fields.count
    else { return nil }
    return Entry(
      id: id, path: unescaped(fields[4]), type: String(decoding: fields[dash + 1], as: UTF8.self))
  }

  /// Blanks, newlines and backslashes of a path stand there as `\` and three octal digits.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> String {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
