internal import CLinux

/// The mounts that a process sees, as its `mountinfo` lists them (proc(5)).
package struct MountTable: Sendable {
  /// One mount.
  package struct Entry: Equatable, Sendable {
    /// The kernel's number for it, given to another mount when this one is gone.
    package var id: UInt64
    /// The number of the file system's device.
    package var device: String
    /// Where it is, from the root of the process on: bytes, for paths need not be text.
    package var path: [UInt8]
    /// The type of its file system.
    package var type: String
    /// What it was made of.
    package var source: String

    package init(id: UInt64, device: String, path: [UInt8], type: String, source: String) {
      self.id = id
      self.device = device
      self.path = path
      self.type = type
      self.source = source
    }

    /// Whether that is the same mount, wherever it is by now.
    package func isSame(as other: Entry) -> Bool {
      id == other.id && device == other.device && type == other.type && source == other.source
    }
  }

  /// Each after those that it is mounted on.
  package let entries: [Entry]

  /// The mounts that a file like `/proc/self/mountinfo` lists; lines that are none are left out.
  package init(_ text: [UInt8]) {
    entries = text.split(separator: UInt8(ascii: "\n")).compactMap(Self.entry)
  }

  /// The mount at `path` that is seen: the last one.
  package func top(at path: String) -> Entry? {
    entries.last { $0.path.elementsEqual(path.utf8) }
  }

  /// The entry, as it is now, of a mount that once had this one.
  package func entry(of mount: Entry) -> Entry? {
    entries.first { $0.isSame(as: mount) }
  }

  /// The mount that has this number now.
  package func entry(_ id: UInt64) -> Entry? {
    entries.first { $0.id == id }
  }

  /// id, parent, device, root, path, options, optional fields, "-", type, source, options.
  private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
    // The source may be empty.
    let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard fields.count > 6, let id = UInt64(String(decoding: fields[0], as: UTF8.self)),
      let dash = fields[6...].firstIndex(where: { $0.elementsEqual([UInt8(ascii: "-")]) }),
      dash + 2 < fields.count
    else { return nil }
    return Entry(
      id: id, device: String(decoding: fields[2], as: UTF8.self), path: unescaped(fields[4]),
      type: String(decoding: unescaped(fields[dash + 1]), as: UTF8.self),
      source: String(decoding: unescaped(fields[dash + 2]), as: UTF8.self))
  }

  /// Blanks, tabs, newlines and backslashes stand there as `\` and three octal digits.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let value = octal(rest.prefix(3)) else {
        bytes.append(byte)
        continue
      }
      bytes.append(value)
      rest = rest.dropFirst(3)
    }
    return bytes
  }

  /// The byte that three digits stand for.
  private static func octal(_ digits: ArraySlice<UInt8>) -> UInt8? {
    guard digits.count == 3 else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
      value = value * 8 + Int(digit - UInt8(ascii: "0"))
    }
    return UInt8(exactly: value)
  }
}

extension MountTable.Entry {
  /// The path from the directory with the path `base` on, without a slash before it.
  ///
  /// - Returns: nil if the mount is not below that directory.
  package func path(below base: [UInt8]) -> ArraySlice<UInt8>? {
    let slash = UInt8(ascii: "/")
    let prefix = base.last == slash ? base : base + [slash]
    guard path.count > prefix.count, path.starts(with: prefix) else { return nil }
    return path[prefix.count...]
  }
}

extension MountTable {
  /// More is no table of mounts.
  private static let mostByteCount = 64 << 20

  /// The mounts of this process, found by path.
  ///
  /// - Throws: `EFBIG` beyond 64 MiB.
  package init() throws(Errno) {
    let file = try Descriptor.currentDirectory.open(
      path: "/proc/self/mountinfo", flags: O_RDONLY)
    try self.init(reading: file)
  }

  fileprivate init(reading file: borrowing OwnedDescriptor) throws(Errno) {
    var text: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while text.count < Self.mostByteCount {
      let count = try file.borrowed.read(into: &block, from: 0)
      guard count > 0 else {
        self.init(text)
        return
      }
      text += block[..<count]
    }
    throw .fileTooBig
  }
}

extension DescriptorLinks {
  /// The mounts below the root directory that the process has now; `/proc` may be out of reach.
  package func mountTable() throws(Errno) -> MountTable {
    let links = Descriptor(rawValue: number)
    return try MountTable(reading: try links.open(PathName("../mountinfo"), .readOnly))
  }
}
