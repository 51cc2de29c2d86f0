internal import Linux

/// The mounts of this process, in the order in which they were made.
struct MountTable {
  /// One mount.
  struct Entry: Equatable {
    /// The kernel's number for it, given to the next mount when this one is gone.
    var id: UInt64
    /// The number of the file system's device.
    var device: String
    /// Where it is.
    var path: String
    /// The type of its file system.
    var type: String
    /// What it was made of.
    var source: String

    /// Whether that is the same mount, wherever it is by now.
    func isSame(as other: Entry) -> Bool {
      id == other.id && device == other.device && type == other.type && source == other.source
    }
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

  /// The entry, as it is now, of a mount that once had this one.
  func entry(of mount: Entry) -> Entry? {
    entries.first { $0.isSame(as: mount) }
  }

  /// id, parent, device, root, path, options, optional fields, "-", type, source, options.
  private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
    let fields = line.split(separator: UInt8(ascii: " "))
    guard fields.count > 6, let id = UInt64(String(decoding: fields[0], as: UTF8.self)),
      let dash = fields[6...].firstIndex(where: { $0.elementsEqual([UInt8(ascii: "-")]) }),
      dash + 2 < fields.count
    else { return nil }
    return Entry(
      id: id, device: unescaped(fields[2]), path: unescaped(fields[4]),
      type: unescaped(fields[dash + 1]), source: unescaped(fields[dash + 2]))
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
